"""A failure, as a person reads it below what it befell: what, why, what to do, then the evidence."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from vestibule.cli.output import OutputFormat, one_line, print_one, printable
from vestibule.client import Row

_MARK = "  | "
"""Before every line of evidence: none may pass for a line of ours."""


_ELSEWHERE = {"failure", "stages", "actions"}
"""Not in the table: told below it, by ``session timeline``, or for the page."""


def print_with_failure(row: Row, output: OutputFormat) -> None:
    """One session or machine; as a table, with its failure below instead of in it."""
    failure = row.get("failure")
    if output is OutputFormat.JSON:
        print_one(row, output)
        return
    print_one(row, output, [n for n in row if n not in _ELSEWHERE and not n.startswith("error_")])
    if failure is None:
        return
    sys.stdout.write("\n" + "\n".join(_lines(failure)) + "\n")


def _lines(failure: Mapping[str, Any]) -> Iterator[str]:
    stage = f" at {failure['stage']}" if failure["stage"] else ""
    yield one_line(f"FAILED{stage}: {failure['code']}")
    yield one_line(failure["cause"])
    yield one_line(f"FIX: {failure['remedy']}")
    yield f"trying again: {'may help' if failure['retryable'] else 'does not help before that'}"
    yield one_line(f"golden: {failure['golden_id'] or '-'}, agent: {failure['agent_build'] or '-'}")
    for name, text in failure["evidence"].items():
        yield from ("", one_line(f"{name.replace('_', ' ')}:"))
        yield from (f"{_MARK}{line}".rstrip() for line in printable(text).rstrip().split("\n"))
