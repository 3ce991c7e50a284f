"""What people do is in the audit: who, what, on what, from where, and what came of it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from golden_doubles import GOLDEN, NEXT
from lab import Lab

from vestibule.core.errors import DiskFull
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.audit import DbAudit

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _time_passes(lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    """A second before each request: what comes later is later."""

    async def pass_time(_: httpx.Request) -> None:
        lab.clock.move(1)

    for client in (ann, bob):
        client.event_hooks = {"request": [pass_time]}


async def told(lab: Lab, ann: httpx.AsyncClient, **asked: Any) -> list[dict[str, Any]]:
    """The audit, oldest first, once what is behind is written."""
    if (writing := lab.context.audit._task) is not None:
        await asyncio.wait({writing})
    answer = await ann.get("/api/tables/audit", params={"order": "asc", "limit": 100, **asked})
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


async def deeds(lab: Lab, ann: httpx.AsyncClient, **asked: Any) -> list[tuple[str, str, str, str | None]]:
    rows = await told(lab, ann, **asked)
    return [(row["actor"], row["action"], row["subject"], row["code"]) for row in rows]


async def test_accounts(lab: Lab, ann: httpx.AsyncClient) -> None:
    await ann.post("/api/users", json={"name": "carl"})
    await ann.post("/api/users", json={"name": "carl"})
    link = (await ann.post("/api/users/carl/link")).json()["url"].partition("#token=")[2]
    await ann.post("/api/sign-in", json={"token": link})
    token = (await ann.post("/api/tokens", json={"label": "a script"})).json()["token_id"]
    await ann.delete(f"/api/tokens/{token}")
    await ann.delete("/api/users/carl")
    assert await deeds(lab, ann) == [
        ("ann", "user_added", "carl", None),
        ("ann", "user_added", "carl", "user_exists"),
        ("ann", "sign_in_link_made", "carl", None),
        ("carl", "signed_in", "carl", None),
        ("ann", "token_issued", token, None),
        ("ann", "token_revoked", token, None),
        ("ann", "user_removed", "carl", None),
    ]
    first, second, *_ = await told(lab, ann)
    assert (first["address"], first["outcome"], second["outcome"]) == ("127.0.0.1", "done", "refused")


async def test_a_sign_in_from_its_start_to_its_machine_s_end(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    started = (await bob.post("/api/vm/auth", json={"provider": "demo"})).json()["session_id"]
    record = await lab.reach(started, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    done = await lab.ended(record.session_id)
    again = (await bob.post("/api/vm/auth", json={"provider": "codex"})).json()["session_id"]
    cancelled = await lab.reach(again, SessionStatus.AWAITING_USER_AUTH)
    await bob.post(f"/api/auth/session/{again}/cancel")
    await lab.ended(cancelled.session_id)
    found = await deeds(lab, ann)
    assert found == [
        ("bob", "sign_in_started", started, None),
        ("bob", "credential_sealed", done.credential_id, None),
        (None, "machine_destroyed", done.vm_id, None),
        ("bob", "sign_in_started", again, None),
        *found[4:],
    ]
    assert set(found[4:]) == {
        ("bob", "sign_in_cancelled", again, None),
        (None, "machine_destroyed", cancelled.vm_id, None),
    }


async def test_a_credential_s_ways_and_who_was_refused(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    record = await lab.connect(lab.bob)
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    credential = (await lab.ended(record.session_id)).credential_id or ""
    path, holder = f"/api/credentials/{credential}", {"holder": "ci-1"}
    await bob.post(f"{path}/export")
    await ann.post(f"{path}/export")
    await bob.post(f"{path}/checkout", json=holder)
    await bob.post(f"{path}/checkout", json={"holder": "ci-2"})
    await bob.post(f"{path}/return", json=holder)
    await bob.post(f"{path}/checkout", json=holder)
    await bob.post(f"{path}/refuse", json=holder)
    await bob.delete(path)
    rows = await told(lab, ann, q=credential)
    assert [(row["actor"], row["action"], row["detail"], row["code"]) for row in rows] == [
        ("bob", "credential_sealed", "demo", None),
        ("bob", "credential_exported", "demo", None),
        ("ann", "credential_exported", "", "absent"),
        ("bob", "credential_checked_out", "ci-1", None),
        ("bob", "credential_checked_out", "ci-2", "credential_checked_out"),
        ("bob", "credential_returned", "ci-1", None),
        ("bob", "credential_checked_out", "ci-1", None),
        ("bob", "credential_refused", "ci-1", None),
        ("bob", "credential_revoked", "demo", None),
    ]


async def test_no_secret_leaves_that_is_not_in_the_audit(
    lab: Lab, bob: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await lab.connect(lab.bob)
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    credential = (await lab.ended(record.session_id)).credential_id

    async def full(*_: object) -> None:
        raise DiskFull("It is full.", remedy="Make room.")

    monkeypatch.setattr(DbAudit, "add_durably", full)
    answer = await bob.post(f"/api/credentials/{credential}/export")
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    assert "files" not in answer.json()


async def test_goldens_and_the_master_key(lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    lab.goldens.add(NEXT)
    lab.clock.move(5)
    await ann.post(f"/api/goldens/{NEXT}/promote", json={"untested": True})
    lab.clock.move(5)
    await ann.post("/api/goldens/rollback", json={"why": "it failed people"})
    await ann.post("/api/vault/rotation")
    await bob.post("/api/goldens/rollback", json={"why": "a joke"})
    rows = await told(lab, ann)
    key = rows[2]["subject"]
    assert [(row["actor"], row["action"], row["subject"], row["outcome"]) for row in rows] == [
        ("ann", "golden_promoted", NEXT, "done"),
        ("ann", "golden_rolled_back", NEXT, "done"),
        ("ann", "key_rotated", key, "done"),
        ("bob", "operator_asked", "POST /api/goldens/rollback", "refused"),
    ]
    moves = {(move.golden_id, move.at.isoformat()) for move in lab.context.promotions.register.moves}
    for row in rows[:2]:
        assert (row["subject"], row["at"].replace("Z", "+00:00")) in moves
    assert lab.context.promotions.register.promoted == GOLDEN


async def test_a_machine_of_its_own(lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    vm_id = (await bob.post("/api/vms", json={})).json()["vm_id"]
    await bob.delete(f"/api/vms/{vm_id}")
    found = await deeds(lab, ann)
    assert found[0] == ("bob", "machine_started", vm_id, None)
    assert set(found[1:]) == {
        ("bob", "machine_stopped", vm_id, None),
        (None, "machine_destroyed", vm_id, None),
    }
