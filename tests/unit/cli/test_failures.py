"""``vestibule failures``: counts for people, everything for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from vestibule.cli.app import run

from .conftest import Script

Play = Callable[[Script], list[httpx.Request]]


def found(**more: Any) -> dict[str, Any]:
    score = {"completed": 9, "failed": 3, "cancelled": 1, "success_rate": 0.75}
    reason = {
        "code": "url_not_seen",
        "count": 3,
        "newest_hour": "2026-11-30T14:00:00Z",
        "goldens": [{"golden_id": "g-1", "count": 2}, {"golden_id": None, "count": 1}],
        "over_time": [0, 3],
        "examples": [{"session_id": "s-1", "cause": "…"}],
    }
    golden = {"golden_id": "g-1", "score": score, "codes": [{"code": "url_not_seen", "count": 2}]}
    whole = {"days": 7, "of_everybody": True, "score": score, "reasons": [reason], "goldens": [golden]}
    return {**whole, **more}


def answer(**more: Any) -> Script:
    return {("GET", "/api/health/failures"): httpx.Response(200, json=found(**more))}


def test_reasons_and_goldens_are_tables(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    requests = play(answer())
    assert run(["failures", "--days", "30"]) == 0
    assert str(requests[0].url.query, "ascii") == "days=30"
    out = capsys.readouterr().out
    assert out.startswith(
        "Everybody's sign-ins of the last 7 days: 9 completed, 3 failed, 1 cancelled; success 75.0 %."
    )
    lines = [line.split() for line in out.splitlines()]
    assert lines[3][:8] == ["url_not_seen", "3", "g-1", "2,", "(no", "machine", "yet)", "1"]
    assert lines[3][-1] == "s-1"
    assert lines[6] == ["g-1", "9", "3", "75.0", "%", "url_not_seen", "2"]


def test_nothing_is_said_to_be_nothing(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    score = {"completed": 0, "failed": 0, "cancelled": 0, "success_rate": None}
    play(answer(days=1, of_everybody=False, score=score, reasons=[], goldens=[]))
    assert run(["failures", "--days", "1"]) == 0
    assert capsys.readouterr().out == "No sign-in has ended in the last day (your count).\n"


def test_json_is_the_whole_answer(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    play(answer())
    assert run(["failures", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == found()


@pytest.mark.parametrize("days", ["0", "367"])
def test_a_time_that_makes_no_sense_is_refused(play: Play, days: str) -> None:
    play({})
    assert run(["failures", "--days", days]) == 2
