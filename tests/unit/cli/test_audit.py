"""``vestibule audit``: the newest deeds, and how many there are beside them."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from vestibule.cli.app import run

from .conftest import Script

Play = Callable[[Script], list[httpx.Request]]
EVENT = {
    "number": 7,
    "at": "2026-11-30T14:00:00Z",
    "action": "token_issued",
    "actor_id": "u-1",
    "actor": "ann",
    "address": "127.0.0.1",
    "subject": "t-1",
    "outcome": "done",
    "code": None,
    "detail": "a script",
}


def answer(total: int = 1, **more: bool) -> Script:
    page = {"rows": [EVENT], "total": total, "bounded": False, "of_everybody": True, "facets": {}} | more
    return {("GET", "/api/tables/audit"): httpx.Response(200, json=page)}


def test_what_is_asked_reaches_the_controller(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    requests = play(answer(total=40))
    asked = ["--find", "t-1 & more", "--actor", "ann", "--action", "token_issued", "--limit", "1"]
    assert run(["audit", "list", *asked]) == 0
    assert requests[0].url.params.multi_items() == [
        ("limit", "1"), ("q", "t-1 & more"), ("actor", "ann"), ("action", "token_issued"),
    ]  # fmt: skip
    out = capsys.readouterr().out
    assert "ann" in out
    assert "token_issued" in out
    assert out.endswith("1 of 40; --limit shows more, --find, --actor and --action fewer.\n")


def test_a_total_of_what_was_looked_at_says_that_there_is_more(
    play: Play, capsys: pytest.CaptureFixture[str]
) -> None:
    play(answer(total=1, bounded=True))
    assert run(["audit", "list"]) == 0
    assert "1 of 1+; --limit shows more" in capsys.readouterr().out


def test_json_is_the_whole_page(play: Play, capsys: pytest.CaptureFixture[str]) -> None:
    play(answer())
    assert run(["audit", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == [EVENT]
