"""A controller is killed as it tells of a stage, with a real machine: what the next one tells is true."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from controller import Controller, running
from following import FINAL, follow
from footprint import footprint, inhabited
from person import account_in, awaiting, begin, carried_on, paste

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

MACHINES_END_S = 20.0
TRUE_REASONS = {"controller_restarted", "credential_lost"}


@pytest.fixture(scope="module")
def host() -> Iterator[Controller]:
    """One controller after the other on the same folders; when the last one stops, nothing is left."""
    with running(VESTIBULE_ISOLATION="container") as controller:
        yield controller
        taken = footprint(controller.process.pid)
        try:
            controller.stop()
            assert taken.await_gone(MACHINES_END_S) == set()
            assert inhabited(taken.network_namespaces) == []
        finally:
            taken.close()


def _reach(host: Controller, client: httpx.Client, stage: str) -> str:
    """A session that has just told of this stage; its person has pasted the code where that leads there."""
    session_id = begin(client)
    if stage in {"authenticating", "completed"}:
        paste(host, client, awaiting(client, session_id))
    follow(client, session_id, lambda now: stage in {one["status"] for one in now["stages"]})
    return session_id


def _machine_of(client: httpx.Client, session_id: str) -> dict[str, Any] | None:
    rows = client.get("/api/vms").json()
    return next((dict(row) for row in rows if row["session_id"] == session_id), None)


@pytest.mark.parametrize(
    "stage", ["started", "vm_created", "ready", "awaiting_user_auth", "authenticating", "completed"]
)
def test_killed_at_any_stage_the_next_controller_tells_what_is_true(host: Controller, stage: str) -> None:
    with host.client() as client:
        session_id = _reach(host, client, stage)
        machine = _machine_of(client, session_id)
    host.break_off()
    host.start_again()
    with host.client() as client:
        session = carried_on(host, client, session_id)
        assert session["status"] in {"completed", "failed"}, session
        if session["status"] == "completed":
            assert account_in(client, session) == "soak"
        else:
            assert session["failure"]["code"] in TRUE_REASONS, session["failure"]
            assert session["failure"]["cause"]
            assert session["failure"]["remedy"]
        if stage in {"awaiting_user_auth", "completed"}:
            assert session["status"] == "completed", session["failure"]
        _nothing_of(host, client, machine)


def _nothing_of(host: Controller, client: httpx.Client, machine: dict[str, Any] | None) -> None:
    assert {row["status"] for row in client.get("/api/vms").json()} <= {"destroyed", "failed", "stopping"}
    if machine is None or machine["pid"] is None:
        return
    client.delete(f"/api/vms/{machine['vm_id']}")  # answers once it is gone
    assert not os.path.exists(f"/proc/{machine['pid']}")  # noqa: PTH110
    assert not (host.folder / "run/machines" / machine["vm_id"]).exists()


def test_all_of_them_have_ended(host: Controller) -> None:
    with host.client() as client:
        sessions = client.get("/api/auth/sessions").json()
        assert {session["status"] for session in sessions} <= FINAL
