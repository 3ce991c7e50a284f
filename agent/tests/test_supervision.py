"""When a program of the machine dies: the desktop's come again, and the machine ends with its agent."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from guest_container import DEADLINE_S, Guest, await_warm, running_guest


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    with running_guest(tmp_path) as guest:
        reply = guest.introduce()
        assert all(check.ok for check in reply.checks), reply.checks
        await_warm(guest)
        yield guest


def _below(pid: int) -> Iterator[int]:
    for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(word)
        yield from _below(int(word))


def _pid_of(guest: Guest, program: str) -> int:
    """The host's pid of the first process in the container whose command line holds ``program``."""
    for pid in _below(guest.process.pid):
        if program in Path(f"/proc/{pid}/cmdline").read_text():
            return pid
    raise AssertionError(f"{program} does not run")


def test_the_machine_ends_with_its_agent(guest: Guest) -> None:
    os.kill(_pid_of(guest, "/vestibule_agent"), signal.SIGKILL)
    assert guest.process.wait(DEADLINE_S) == 128 + signal.SIGKILL


def test_a_desktop_that_died_comes_again_and_the_agent_sees_it(guest: Guest) -> None:
    before = _pid_of(guest, "Xvnc")
    os.kill(before, signal.SIGKILL)
    for _ in range(10 * DEADLINE_S):
        status, health = guest.request("GET", "/health")
        if status == 200 and "xvnc ended" in guest.stderr():
            break
        select.select([], [], [], 0.1)
    assert {check["name"] for check in health["checks"] if not check["ok"]} == set()
    assert _pid_of(guest, "Xvnc") != before


def test_a_desktop_that_died_before_it_was_warm_comes_again(tmp_path: Path) -> None:
    with running_guest(tmp_path) as stranger:
        os.kill(_as_soon_as_it_runs(stranger, "Xvnc"), signal.SIGKILL)
        reply = stranger.introduce()
        assert all(check.ok for check in reply.checks), reply.checks


def _as_soon_as_it_runs(guest: Guest, program: str) -> int:
    for _ in range(100 * DEADLINE_S):
        try:
            return _pid_of(guest, program)
        except (AssertionError, OSError):
            select.select([], [], [], 0.01)
    raise AssertionError(f"{program} never ran")
