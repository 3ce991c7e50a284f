"""Print docs/reference/failures.md: ``python -m vestibule.core.failures``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from vestibule.core.failures import FAULTS, MEANINGS, Fault, codes_of


def reference_page() -> str:
    """The catalogue as Markdown, a table for each kind of fault."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Failures"
    yield ""
    yield (
        "Every failure that Vestibule names: of sessions, machines, renewals and requests, in the API, the"
        " page, the command line and the log alike. A failure carries its code, its stage (what it had come"
        " to), a cause and a remedy of its own, its evidence, whether trying again is worth it, the golden"
        " and the agent's build. What is here is true of all failures of one code."
    )
    for fault, sentence in FAULTS.items():
        yield from ("", f"## {fault.value.capitalize()}", "", sentence, "")
        yield from _table(fault)


def _table(fault: Fault) -> Iterator[str]:
    yield "| code | meaning | try again | remedy |"
    yield "|---|---|---|---|"
    for code in sorted(codes_of(fault)):
        known = MEANINGS[code]
        again = "yes" if known.retryable else "no"
        yield f"| `{code}` | {known.meaning} | {again} | {known.remedy} |"


if __name__ == "__main__":
    sys.stdout.write(reference_page())
