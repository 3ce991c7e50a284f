"""Sharing a session's view from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from vestibule.cli.app import run

from .conftest import Script

PATH = "/api/auth/session/s-1/view-links"
GOOD = {
    "link_id": "l-1",
    "session_id": "s-1",
    "created_at": "2026-11-22T12:00:00Z",
    "expires_at": "2026-11-22T12:15:00Z",
    "ended_at": None,
    "end": None,
}
OVER = {**GOOD, "link_id": "l-0", "ended_at": "2026-11-22T12:01:00Z", "end": "revoked"}
URL = "http://controller.test/watch#token=visibly-fake"


def test_a_link_is_printed_with_its_end_and_what_it_shows(
    play: Callable[[Script], list[httpx.Request]], capsys: pytest.CaptureFixture[str]
) -> None:
    sent = play({("POST", PATH): httpx.Response(201, json={**GOOD, "url": URL})})
    assert run(["session", "share", "s-1", "--minutes", "5"]) == 0
    assert json.loads(sent[0].content) == {"seconds": 300}
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [URL, "good until 2026-11-22 12:15:00 UTC"]
    assert "what you type where it is not hidden" in printed.err
    assert run(["session", "share", "s-1", "-o", "json"]) == 0
    assert json.loads(sent[1].content) == {"seconds": None}
    assert json.loads(capsys.readouterr().out)["url"] == URL


def test_all_good_links_are_taken_back_or_the_one_that_is_named(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    listed = httpx.Response(200, json={"longest_s": 3600, "links": [GOOD, OVER]})
    ended = httpx.Response(200, json={**GOOD, "end": "revoked", "ended_at": "2026-11-22T12:02:00Z"})
    sent = play({("GET", PATH): listed, ("DELETE", f"{PATH}/l-1"): ended})
    assert run(["session", "unshare", "s-1"]) == 0
    assert run(["session", "unshare", "s-1", "l-1"]) == 0
    assert [request.method for request in sent if request.method == "DELETE"] == ["DELETE", "DELETE"]
    capsys.readouterr()
    assert run(["session", "shares", "s-1"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["link", "l-1", "l-0"]


def test_nothing_to_take_back_is_said(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    play({("GET", PATH): httpx.Response(200, json={"longest_s": 3600, "links": [OVER]})})
    assert run(["session", "unshare", "s-1"]) == 0
    assert capsys.readouterr().out == "There were none.\n"
