"""Many sign-ins at once: each is accepted or refused with a reason, and nothing of them stays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from lab import Lab, open_lab

from vestibule.api.routes.sessions import STARTS_AT_ONCE
from vestibule.benches.overload import measure_overload
from vestibule.benches.weighing import processes_of
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.machines import DbMachines

pytestmark = pytest.mark.anyio

REQUESTS = 40
PLACES = {"max_machines": 3, "max_waiting": 20, "max_starts": 2}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path, limits=PLACES) as opened:
        yield opened


async def test_none_is_lost_none_is_wrong_and_nothing_stays(lab: Lab, served: str) -> None:
    token = await lab.context.accounts.issue_token(lab.ann, "bench")
    url = f"http://{served}"
    result = await asyncio.to_thread(
        lambda: asyncio.run(measure_overload(url, token.secret, REQUESTS, lambda _: None, processes_of(url)))
    )
    assert (result.lost, result.wrong) == (0, 0)
    assert result.accepted + sum(result.refused.values()) == REQUESTS
    assert set(result.refused) == {"host_saturated"}
    most = PLACES["max_machines"] + PLACES["max_waiting"]
    assert PLACES["max_waiting"] <= result.accepted <= most
    assert result.queued == result.accepted - PLACES["max_machines"]
    assert result.reads > 0
    assert result.peak_rss_mb["controller"] > 10, os.getpid()
    assert [user.name for user in await lab.context.accounts.users()] == ["ann", "bob"]
    assert await lab.sessions.unfinished() == []
    await _ended(lab)
    await lab.nothing_left()


async def test_who_never_sends_a_request_s_body_keeps_nobody_waiting(
    lab: Lab, served: str, ann: httpx.AsyncClient
) -> None:
    host, _, port = served.partition(":")
    token = (await lab.context.accounts.issue_token(lab.bob, "slow")).secret
    head = (
        f"POST /api/vm/auth HTTP/1.1\r\nHost: {served}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 20\r\n\r\n"
    )
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(STARTS_AT_ONCE + 1)]
    try:
        for _, writer in slow:
            writer.write(head.encode())
            await writer.drain()
        async with httpx.AsyncClient(base_url=f"http://{served}", headers=ann.headers) as own:
            for _ in range(3):  # by then the others have been read, too
                assert (await own.get("/api/me")).status_code == 200
            started = await own.post("/api/vm/auth", json={"provider": "demo"}, timeout=20)
            assert started.status_code == 201
    finally:
        for _, writer in slow:
            writer.close()


async def _ended(lab: Lab) -> None:
    while lab.sign_ins._tasks:
        await asyncio.wait(tuple(lab.sign_ins._tasks.values()), timeout=10)


async def test_a_refusal_says_when_to_come_again_and_a_place_is_shown(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    names = sorted(lab.sign_ins.providers)[:3]
    held = [await lab.machines.start(lab.ann.user_id, driver=None) for _ in names]
    waiting = (await bob.post("/api/vm/auth", json={"provider": "demo"})).json()["session_id"]
    async for _ in lab.sign_ins.changes(waiting, 5):
        shown = (await bob.get(f"/api/auth/session/{waiting}")).json()
        if shown["queue_place"]:
            break
    assert (shown["status"], shown["queue_place"]) == ("started", 1)
    assert shown["queue_reason"] == "3 machines run, the most that max_machines allows."
    lab.machines.admission._patience = type(lab.machines.admission._patience)(max_waiting=1, timeout_s=60)
    refused = await ann.post("/api/vm/auth", json={"provider": "demo"})
    assert (refused.status_code, refused.json()["code"]) == (503, "host_saturated")
    assert refused.headers["retry-after"] == "5"
    assert "vestibule vm stop" in refused.json()["remedy"] or "Try again" in refused.json()["remedy"]
    direct = await ann.post("/api/vms", json={})
    assert (direct.status_code, direct.headers["retry-after"]) == (503, "5")
    await lab.machines.destroy(held[0].record.vm_id)
    await lab.reach(waiting, SessionStatus.AWAITING_USER_AUTH)
    assert (await bob.get(f"/api/auth/session/{waiting}")).json()["queue_place"] is None


async def test_a_user_is_removed_with_all_that_is_over_and_not_before(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    record = await lab.connect(lab.bob)
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    busy = await ann.delete("/api/users/bob")
    assert (busy.status_code, busy.json()["code"]) == (409, "user_busy")
    assert record.session_id in busy.json()["cause"]
    await bob.post(f"/api/auth/session/{record.session_id}/cancel")
    await lab.ended(record.session_id)
    assert (await ann.delete("/api/users/bob")).json()["name"] == "bob"
    assert (await bob.get("/api/me")).status_code == 401
    assert await DbMachines(lab.database).of_user(lab.bob.user_id) == []
    assert await lab.sessions.of_user(lab.bob.user_id) == []
    assert (await ann.delete("/api/users/bob")).status_code == 404


async def test_a_user_with_a_credential_stays(lab: Lab, ann: httpx.AsyncClient) -> None:
    record = await lab.connect(lab.bob)
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    done = await lab.ended(record.session_id)
    busy = await ann.delete("/api/users/bob")
    assert (busy.status_code, busy.json()["code"]) == (409, "user_busy")
    assert str(done.credential_id) in busy.json()["cause"]


async def test_who_runs_the_controller_is_not_removed(ann: httpx.AsyncClient) -> None:
    kept = await ann.delete("/api/users/ann")
    assert (kept.status_code, kept.json()["code"]) == (409, "user_needed")
