"""Timelines over HTTP: every step with its seconds, for the owner; a key in the desktop is a sign of life."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from lab import Lab

from vestibule.core.sessions import SessionStatus
from vestibule.core.steps import StepName

pytestmark = pytest.mark.anyio


async def _steps(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{path}/timeline")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["steps"])


async def test_a_sign_in_s_steps_are_read_under_the_session_and_its_machine(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    record = await lab.connect()
    record = await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    path = f"/api/auth/session/{record.session_id}"
    *before, person = await _steps(ann, path)
    assert {step["outcome"] for step in before} == {"done"}
    assert {name: person[name] for name in ("name", "outcome", "ended_at", "duration_s")} == {
        "name": "person",
        "outcome": None,
        "ended_at": None,
        "duration_s": None,
    }
    lab.clock.move(2.5)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    steps = await _steps(ann, path)
    assert [step["name"] for step in steps] == [name for name in StepName if name is not StepName.TAKE]
    assert [step["name"] for step in steps][:2] == ["queue", "golden"]
    assert steps[5]["duration_s"] == 2.5
    assert await _steps(ann, f"/api/vms/{record.vm_id}") == steps


async def test_a_failure_is_at_its_step(lab: Lab, ann: httpx.AsyncClient) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.tell("tool_exited", exit_code=1, screen="no")
    await lab.ended(record.session_id)
    *_, person, _destroy = await _steps(ann, f"/api/auth/session/{record.session_id}")
    assert (person["outcome"], person["error_code"]) == ("failed", "tool_exited")


async def test_a_machine_without_a_session_has_a_timeline(ann: httpx.AsyncClient) -> None:
    vm_id = (await ann.post("/api/vms", json={})).json()["vm_id"]
    await ann.delete(f"/api/vms/{vm_id}")
    steps = await _steps(ann, f"/api/vms/{vm_id}")
    assert [step["name"] for step in steps] == ["golden", "start", "confirm", "destroy"]
    assert [step["number"] for step in steps] == [1, 2, 3, 4]


async def test_many_readers_wait_for_no_store(lab: Lab, ann: httpx.AsyncClient) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    path = f"/api/auth/session/{record.session_id}"
    read = await asyncio.gather(*(_steps(ann, path) for _ in range(20)))
    assert all(steps == read[0] for steps in read)
