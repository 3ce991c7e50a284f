"""A failure on the command line: what, why, what to do, then the evidence, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from vestibule.cli.app import run

from .conftest import Script

FAILURE = {
    "code": "agent_mismatch",
    "stage": "vm_created",
    "cause": "The agent answered as another build.",
    "remedy": "Build the golden again.",
    "evidence": {"console": "one\n\x1b[2Jtwo\n", "sites_refused": "a.test:443"},
    "retryable": False,
    "golden_id": "g-1",
    "agent_build": None,
}
SHOWN = """\
FAILED at vm_created: agent_mismatch
The agent answered as another build.
FIX: Build the golden again.
trying again: does not help before that
golden: g-1, agent: -

console:
  | one
  | \\x1b[2Jtwo

sites refused:
  | a.test:443
"""
ROWS = {
    "session": ("/api/auth/session/s-1", {"session_id": "s-1", "status": "failed", "failure": FAILURE}),
    "vm": (
        "/api/vms/s-1",
        {"vm_id": "s-1", "status": "failed", "error_code": "agent_mismatch", "failure": FAILURE},
    ),
}


@pytest.mark.parametrize("noun", ROWS)
def test_a_failure_is_readable_below_what_it_befell(
    noun: str, play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path, row = ROWS[noun]
    play({("GET", path): httpx.Response(200, json=row)})
    assert run([noun, "show", "s-1"]) == 0
    table, _, block = capsys.readouterr().out.partition("\n\n")
    assert block == SHOWN
    assert "status" in table
    assert "error code" not in table
    assert "{" not in table


def test_a_failure_that_may_pass_says_so(
    play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    failure = {**FAILURE, "retryable": True, "stage": None, "evidence": {}}
    path, row = ROWS["session"]
    play({("GET", path): httpx.Response(200, json={**row, "failure": failure})})
    assert run(["session", "show", "s-1"]) == 0
    told = capsys.readouterr().out
    assert "FAILED: agent_mismatch\n" in told
    assert "trying again: may help\n" in told


def test_json_is_whole(play: Callable[[Script], Any], capsys: pytest.CaptureFixture[str]) -> None:
    path, row = ROWS["session"]
    play({("GET", path): httpx.Response(200, json=row)})
    assert run(["session", "show", "s-1", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["failure"] == FAILURE
