"""``vestibule failures``: what failed of late, by reason and golden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, print_json, print_line, print_rows
from vestibule.client import Row

_MOST_DAYS = 366

Days = Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How far back to look, today included.")]


def failures(days: Days = 7, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Sign-ins that failed, by reason and golden: everybody's for the operator, else your own."""
    with connect(url) as controller:
        found = controller.get(f"/api/health/failures?days={days}")
    if output is OutputFormat.JSON:
        print_json(found)
        return
    print_line(_summary(found))
    if found["reasons"]:
        print_line("")
        columns = ("reason", "count", "goldens", "newest_hour", "your_newest")
        print_rows([_reason(each) for each in found["reasons"]], columns, output)
    if found["goldens"]:
        print_line("")
        columns = ("golden", "completed", "failed", "success", "reasons")
        print_rows([_golden(each) for each in found["goldens"]], columns, output)


def _summary(found: Row) -> str:
    score, whose = found["score"], "everybody's" if found["of_everybody"] else "your"
    ended = score["completed"] + score["failed"] + score["cancelled"]
    if not ended:
        return f"No sign-in has ended in the last {_days(found['days'])} ({whose} count)."
    return (
        f"{whose.capitalize()} sign-ins of the last {_days(found['days'])}: {score['completed']} completed,"
        f" {score['failed']} failed, {score['cancelled']} cancelled; success {_percent(score)}."
    )


def _days(days: int) -> str:
    return "day" if days == 1 else f"{days} days"


def _reason(reason: Row) -> Row:
    examples = reason["examples"]
    return {
        "reason": reason["code"],
        "count": reason["count"],
        "goldens": _counted(reason["goldens"], "golden_id"),
        "newest_hour": reason["newest_hour"],
        "your_newest": examples[0]["session_id"] if examples else None,
    }


def _golden(golden: Row) -> Row:
    score = golden["score"]
    return {
        "golden": golden["golden_id"] or "(no machine yet)",
        "completed": score["completed"],
        "failed": score["failed"],
        "success": _percent(score),
        "reasons": _counted(golden["codes"], "code"),
    }


def _counted(items: Sequence[Row], key: str) -> Sequence[str]:
    return [f"{item[key] or '(no machine yet)'} {item['count']}" for item in items]


def _percent(score: Row) -> str:
    rate = score["success_rate"]
    return "-" if rate is None else f"{100 * rate:.1f} %"
