"""Whoever takes an interest over HTTP is served by a machine that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from event_stream import Stream
from lab import Lab, open_lab

from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path, limits={"idle_s": 100}) as opened:
        yield opened


@pytest.fixture
async def paused(lab: Lab) -> SessionRecord:
    """A sign-in of ann's whose machine stands still."""
    record = await lab.connect()
    record = await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    assert record.vm_id is not None
    async with asyncio.timeout(10):
        while not lab.machine().paused:  # the agent's last news may be on their way
            await asyncio.sleep(0.02)
            lab.host.moment += 100
            await lab.machines.pausing.look()
    return record


async def test_a_machine_says_that_it_stands_still_and_reading_that_does_not_wake_it(
    lab: Lab, ann: httpx.AsyncClient, paused: SessionRecord
) -> None:
    (listed,) = (await ann.get("/api/vms")).json()
    assert (listed["status"], listed["paused"]) == ("running", True)
    assert (await ann.get(f"/api/vms/{paused.vm_id}")).json()["paused"] is True
    await ann.get(f"/api/auth/session/{paused.session_id}")
    assert lab.machine().paused


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/auth/session/{session_id}/heartbeat", None),
        ("/api/auth/session/{session_id}/input", {"text": "fake-code"}),
        ("/api/auth/session/{session_id}/open-url", {"url": "http://login.demo.test/"}),
        ("/api/vm/{vm_id}/view-ticket", None),
    ],
)
async def test_what_a_page_sends_wakes_it(
    lab: Lab, ann: httpx.AsyncClient, paused: SessionRecord, path: str, body: dict[str, str] | None
) -> None:
    url = path.format(session_id=paused.session_id, vm_id=paused.vm_id)
    answer = await ann.post(url, json=body, timeout=5)
    assert answer.is_success
    assert not lab.machine().paused


async def test_a_stranger_wakes_nothing(lab: Lab, bob: httpx.AsyncClient, paused: SessionRecord) -> None:
    assert (await bob.post(f"/api/auth/session/{paused.session_id}/heartbeat")).status_code == 404
    assert (await bob.post(f"/api/vm/{paused.vm_id}/view-ticket")).status_code == 404
    assert lab.machine().paused


async def test_a_page_that_follows_keeps_it_going(
    lab: Lab, served: str, ann: httpx.AsyncClient, paused: SessionRecord
) -> None:
    url = f"http://{served}/api/auth/session/{paused.session_id}/events"
    async with (
        httpx.AsyncClient(headers=ann.headers) as client,
        client.stream("GET", url) as stream,
    ):
        assert await Stream(stream).next()
        assert not lab.machine().paused
        lab.host.moment += 10_000
        await lab.machines.pausing.look()
        assert not lab.machine().paused
    async with asyncio.timeout(10):
        while not lab.machine().paused:
            await asyncio.sleep(0.02)
            lab.host.moment += 100
            await lab.machines.pausing.look()
