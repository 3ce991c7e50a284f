"""Tables over HTTP: whose rows, wrong questions, pages that follow what changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from event_stream import Stream
from lab import Lab

from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus

pytestmark = pytest.mark.anyio

TABLES = ("machines", "sessions", "credentials", "audit")


@pytest.fixture
async def waiting(lab: Lab) -> SessionRecord:
    """Bob's sign-in, which waits for him."""
    record = await lab.connect(lab.bob)
    return await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)


async def page(client: httpx.AsyncClient, table: str, **asked: Any) -> dict[str, Any]:
    answer = await client.get(f"/api/tables/{table}", params=asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@asynccontextmanager
async def following(served: str, client: httpx.AsyncClient, path: str) -> AsyncIterator[Stream]:
    headers = {"Authorization": client.headers["Authorization"]}
    async with (
        httpx.AsyncClient(base_url=f"http://{served}", headers=headers, trust_env=False) as browser,
        browser.stream("GET", path) as answer,
    ):
        yield Stream(answer)


async def test_the_operator_sees_everybody_s_rows(
    lab: Lab, ann: httpx.AsyncClient, bob: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    lab.clock.move(1)
    hers = await lab.connect()
    await lab.reach(hers.session_id, SessionStatus.AWAITING_USER_AUTH)
    for table in ("machines", "sessions"):
        seen, own = await page(ann, table), await page(bob, table)
        assert (seen["total"], seen["of_everybody"]) == (2, True)
        assert [row["owner"] for row in seen["rows"]] == ["ann", "bob"]
        assert (own["total"], own["of_everybody"]) == (1, False)
        assert {choice["value"] for choice in own["facets"]["owner"]} == {"bob"}
    (his,) = (await page(bob, "sessions"))["rows"]
    assert (his["session_id"], his["vm_id"]) == (waiting.session_id, waiting.vm_id)


async def test_the_operator_sees_no_address_or_code_of_a_sign_in(
    ann: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    listed = await ann.get("/api/tables/sessions")
    detail = await ann.get(f"/api/tables/sessions/{waiting.session_id}")
    assert waiting.auth_url
    assert detail.json()["session"]["owner"] == "bob"
    for answer in (listed, detail):
        assert waiting.auth_url not in answer.text
    assert (await ann.get(f"/api/auth/session/{waiting.session_id}")).status_code == 404


async def test_the_operator_looks_at_anybody_s_machine_and_ends_none(
    ann: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    machine = f"/api/vms/{waiting.vm_id}"
    assert (await ann.get(machine)).json()["status"] == "running"
    timelines = (f"{machine}/timeline", f"/api/auth/session/{waiting.session_id}/timeline")
    for path in timelines:
        assert "confirm" in {step["name"] for step in (await ann.get(path)).json()["steps"]}
    assert (await ann.delete(machine)).status_code == 404
    assert (await ann.post(f"/api/vm/{waiting.vm_id}/view-ticket")).status_code == 404


async def test_a_table_is_sorted_narrowed_and_paged(
    lab: Lab, ann: httpx.AsyncClient, waiting: SessionRecord
) -> None:
    for provider in ("codex", "demo"):
        record = await lab.connect(provider=provider)
        await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
        lab.clock.move(1)
    asked = await page(ann, "sessions", sort="provider", order="asc", limit=1, offset=1)
    assert asked["total"] == 3
    assert [row["provider"] for row in asked["rows"]] == ["demo"]
    of_bob = await page(ann, "sessions", owner=["bob", "nobody"], status="awaiting_user_auth")
    assert [row["session_id"] for row in of_bob["rows"]] == [waiting.session_id]
    assert (await page(ann, "sessions", q=waiting.session_id.upper()))["total"] == 1


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("sort=no_such", "query.sort"),
        ("order=up", "query.order"),
        ("offset=-1", "query.offset"),
        ("offset=5000", "query.offset"),
        ("limit=0", "query.limit"),
        ("limit=101", "query.limit"),
        ("limit=many", "query.limit"),
        ("surplus=1", "query.surplus"),
        ("since=yesterday", "query.since"),
        ("since=2026-11-22T12:00:00", "query.since"),
        (f"q={'x' * 101}", "query.q"),
    ],
)
async def test_a_wrong_question_is_refused_by_name(
    ann: httpx.AsyncClient, table: str, wrong: str, named: str
) -> None:
    for path in (f"/api/tables/{table}", f"/api/tables/{table}/events"):
        answer = await ann.get(f"{path}?{wrong}")
        assert answer.status_code == 422
        problem = answer.json()
        assert problem["code"] == "bad_input"
        assert named in problem["cause"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("asked", ["since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"])
async def test_a_time_at_the_edge_of_the_calendar_is_one(
    ann: httpx.AsyncClient, table: str, asked: str
) -> None:
    assert (await ann.get(f"/api/tables/{table}?{asked}")).status_code == 200


async def test_a_value_that_there_cannot_be_is_refused(ann: httpx.AsyncClient) -> None:
    answer = await ann.get("/api/tables/machines?status=running&status=asleep")
    assert answer.status_code == 422
    assert "query.status.1" in answer.json()["cause"]


async def test_pages_are_told_as_rows_change(
    lab: Lab, ann: httpx.AsyncClient, served: str, waiting: SessionRecord
) -> None:
    async with (
        following(served, ann, "/api/tables/machines/events?status=destroyed") as machines,
        following(served, ann, "/api/tables/sessions/events?status=cancelled") as sessions,
    ):
        for stream in (machines, sessions):
            first = await stream.next()
            assert first is not None
            assert (first["event"], first["total"]) == ("page", 0)
        await lab.sign_ins.cancel(lab.bob, waiting.session_id)
        told = [await stream.next() for stream in (machines, sessions)]
        assert [each["rows"][0]["owner"] for each in told if each] == ["bob", "bob"]


async def test_another_s_change_is_told_to_nobody_else(lab: Lab, bob: httpx.AsyncClient, served: str) -> None:
    async with following(served, bob, "/api/tables/sessions/events") as stream:
        assert (await stream.next() or {})["total"] == 0
        record = await lab.connect()
        await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
        mine = await lab.connect(lab.bob)
        event = await stream.next()
        assert event is not None
        assert [row["session_id"] for row in event["rows"]] == [mine.session_id]
