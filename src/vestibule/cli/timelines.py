"""What ``vestibule session timeline`` and ``vestibule vm timeline`` print."""

from __future__ import annotations

from vestibule.cli.output import OutputFormat, print_one, print_rows
from vestibule.client import Controller, Row

_COLUMNS = ("step", "started_at", "seconds", "outcome")


def print_timeline(controller: Controller, path: str, output: OutputFormat) -> None:
    """Read it and print it: the object as JSON, or a line per step."""
    timeline = controller.get(path)
    if output is OutputFormat.JSON:
        print_one(timeline, output)
    else:
        print_rows([_line(step) for step in timeline["steps"]], _COLUMNS, output)


def _line(step: Row) -> Row:
    seconds, code = step["duration_s"], step["error_code"]
    outcome = step["outcome"] or "goes on"
    return {
        "step": step["name"],
        "started_at": step["started_at"],
        "seconds": None if seconds is None else f"{seconds:.2f}",
        "outcome": f"{outcome} ({code})" if code else outcome,
    }
