"""A machine whose processes are stopped is noticed in 10 s; a controller that was stopped blames none."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from controller import Controller, running
from following import follow, start

from vestibule.services.liveness import PATIENCE

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

NOTICED_S = 10.0
PATIENCE_S = NOTICED_S * PATIENCE
"""A host that others saturate, at any moment of it, gives its machines more time."""
STOPPED_S = 15.0


def _tree(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


@contextmanager
def _stopped(pid: int) -> Iterator[None]:
    """A machine's processes, or what is left of them, go on when the block has ended."""
    stopped = list(_tree(pid))
    for each in stopped:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in stopped:
            if Path(f"/proc/{each}").exists():
                os.kill(each, signal.SIGCONT)


def _waiting(client: httpx.Client) -> dict[str, Any]:
    session = follow(client, start(client, "demo"), lambda now: now["status"] == "awaiting_user_auth")
    assert session["status"] == "awaiting_user_auth", session
    return session


def _pid(client: httpx.Client, vm_id: str) -> int:
    return int(client.get(f"/api/vms/{vm_id}").json()["pid"])


SILENCE = {"agent_unreachable", "host_saturated"}
"""Which of the two, the load of this host decides: it is not the test's to choose."""


def test_a_stopped_machine_is_noticed() -> None:
    with running(VESTIBULE_ISOLATION="container") as controller, controller.client() as client:
        session = _waiting(client)
        vm_id = client.post("/api/vms", json={}).json()["vm_id"]
        with _stopped(_pid(client, session["vm_id"])), _stopped(_pid(client, vm_id)):
            began = time.monotonic()
            ended = follow(client, session["session_id"], lambda now: now["status"] == "failed")
            assert time.monotonic() - began < PATIENCE_S
            assert ended["failure"]["code"] in SILENCE, ended["failure"]
            assert "has not answered for" in ended["failure"]["cause"]
            machine = _ended(client, vm_id)
        assert machine["error_code"] in SILENCE
        assert "has not answered for" in machine["error_cause"]
        assert [step["outcome"] for step in _steps(client, session)][:5] == ["done"] * 5


def _ended(client: httpx.Client, vm_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while (machine := client.get(f"/api/vms/{vm_id}").json())["ended_at"] is None:
        assert time.monotonic() < deadline, machine
        time.sleep(0.2)
    return dict(machine)


def _steps(client: httpx.Client, session: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.get(f"/api/auth/session/{session['session_id']}/timeline").json()["steps"])


def _stand_still(controller: Controller) -> None:
    controller.process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)
    controller.process.send_signal(signal.SIGCONT)


def test_a_controller_that_was_stopped_blames_no_machine() -> None:
    with running(VESTIBULE_ISOLATION="container") as controller, controller.client() as client:
        session = _waiting(client)
        _stand_still(controller)
        time.sleep(NOTICED_S)
        now = client.get(f"/api/auth/session/{session['session_id']}").json()
        assert (now["status"], now["vm_id"]) == ("awaiting_user_auth", session["vm_id"]), now
        client.post(f"/api/auth/session/{session['session_id']}/cancel")
