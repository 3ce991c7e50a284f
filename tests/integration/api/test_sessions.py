"""Sign-ins over HTTP: the documented answers, and events that follow every change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from event_stream import Stream
from golden_doubles import BUILD, GOLDEN
from lab import TOKEN, URL, Lab

from vestibule.api.sessions import present
from vestibule.core.errors import MachineFailed
from vestibule.core.sessions import FINAL
from vestibule.drivers.db import schema

pytestmark = pytest.mark.anyio


async def _start(client: httpx.AsyncClient) -> str:
    answer = await client.post("/api/vm/auth", json={"provider": "demo"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["session_id"])


async def test_connect_answers_at_once_with_the_whole_session(lab: Lab, ann: httpx.AsyncClient) -> None:
    lab.driver.gate = asyncio.Event()  # no machine is ever there
    answer = await ann.post("/api/vm/auth", json={"provider": "demo"})
    body = answer.json()
    assert (answer.status_code, body["status"]) == (201, "started")
    assert body["session"] == (await ann.get(f"/api/auth/session/{body['session_id']}")).json()
    by_query = await ann.get("/api/vm/auth", params={"sessionId": body["session_id"]})
    assert by_query.json() == body["session"]


async def test_someone_else_s_session_is_absent_by_query_too(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    session_id = await _start(ann)
    told = [
        (await bob.get("/api/vm/auth", params={"sessionId": id_})).text.replace(id_, "…")
        for id_ in (session_id, "s-ffffffffffffffff")
    ]
    assert told[0] == told[1]
    assert json.loads(told[0])["code"] == "absent"


async def test_an_unknown_provider_is_named_with_those_there_are(ann: httpx.AsyncClient) -> None:
    answer = await ann.post("/api/vm/auth", json={"provider": "nosuch"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_provider")
    assert "codex, copilot, cursor, demo" in answer.json()["remedy"]


async def test_a_driver_that_is_not_usable_here_is_unavailable(ann: httpx.AsyncClient) -> None:
    answer = await ann.post("/api/vm/auth", json={"provider": "demo", "driver": "qemu"})
    assert (answer.status_code, answer.json()["code"]) == (503, "driver_unavailable")


async def test_a_second_connect_names_the_open_session(ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    answer = await ann.post("/api/vm/auth", json={"provider": "demo"})
    assert (answer.status_code, answer.json()["code"]) == (409, "session_open")
    assert session_id in answer.json()["cause"]


async def test_the_page_s_address_is_on_the_origin_that_was_asked(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    record = await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    shown = (await ann.get(f"/api/auth/session/{session_id}")).json()
    assert shown["vnc_url"] == f"http://lab.test/dashboard/remote-cli/session/{session_id}"
    assert shown["vnc_websocket"] == f"/api/vm/{record.vm_id}/vnc"
    oauth = (await ann.get(f"/api/auth/session/{session_id}/oauth-url")).json()
    assert oauth == {"session_id": session_id, "auth_url": URL, "user_code": None}


def lab_id(session_id: str) -> Any:
    """The id, as services type it."""
    return session_id


async def test_a_whole_sign_in_over_http(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    path = f"/api/auth/session/{session_id}"
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    assert (await ann.get(f"{path}/credentials/status")).json()["state"] == "awaited"
    assert (await ann.post(f"{path}/heartbeat")).json()["status"] == "awaiting_user_auth"
    opened = await ann.post(f"{path}/open-url", json={"url": "https://example.com"})
    assert opened.status_code == 200
    pasted = await ann.post(f"{path}/input", json={"text": "visibly-fake-code"})
    assert pasted.status_code == 200
    await lab.ended(lab_id(session_id))
    status = (await ann.get(f"{path}/credentials/status")).json()
    assert status["state"] == "sealed"
    exported = (await ann.post(f"/api/credentials/{status['credential_id']}/export")).json()
    assert exported["files"][0]["path"] == "~/.vestibule-demo/credentials.json"
    assert exported["files"][0]["mode"] == 0o600


async def test_no_answer_but_the_export_holds_the_credential(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    await lab.machine().agent.sign_in()
    await lab.ended(lab_id(session_id))
    for path in (
        f"/api/auth/session/{session_id}",
        f"/api/auth/session/{session_id}/events",
        f"/api/auth/session/{session_id}/credentials/status",
        "/api/auth/sessions",
        "/api/credentials",
        "/api/providers",
        "/api/vms",
    ):
        answer = await ann.get(path)
        assert answer.status_code == 200
        assert TOKEN not in answer.text
        assert "refresh" not in answer.text


async def test_a_failure_is_shown_with_cause_remedy_and_evidence(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    await lab.machine().agent.tell("tool_exited", exit_code=1, screen="no network")
    await lab.ended(lab_id(session_id))
    shown = (await ann.get(f"/api/auth/session/{session_id}")).json()
    assert shown["actions"] == ["retry"]
    evidence = shown["failure"].pop("evidence")
    assert shown["failure"] == {
        "code": "tool_exited",
        "cause": "The tool ended with exit code 1 before a credential was there;"
        " the last that it said: no network.",
        "remedy": "Read the tool's last screen in the evidence, then try again.",
        "stage": "awaiting_user_auth",
        "retryable": True,
        "golden_id": GOLDEN,
        "agent_build": BUILD,
    }
    assert (evidence["screen"], evidence["checks"]) == ("no network", "all are well")
    machine = (await ann.get(f"/api/vms/{shown['vm_id']}")).json()
    assert (machine["error_code"], machine["error_cause"]) == ("tool_exited", shown["failure"]["cause"])
    assert machine["failure"] == {**shown["failure"], "evidence": evidence, "stage": "running"}


async def test_a_failure_that_comes_again_offers_no_retry(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    await lab.machine().agent.tell("tool_exited", exit_code=127, screen="command not found")
    await lab.ended(lab_id(session_id))
    shown = (await ann.get(f"/api/auth/session/{session_id}")).json()
    assert (shown["failure"]["code"], shown["failure"]["retryable"]) == ("tool_missing", False)
    assert shown["actions"] == []
    assert (await ann.post("/api/vm/auth", json={"provider": "demo"})).status_code == 201


async def test_a_sign_in_whose_machine_did_not_start_names_its_golden(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    lab.driver.refuse(MachineFailed("bwrap ended at once", remedy="Look.", code="machine_exited"))
    session_id = await _start(ann)
    await lab.ended(lab_id(session_id))
    failure = (await ann.get(f"/api/auth/session/{session_id}")).json()["failure"]
    assert (failure["stage"], failure["golden_id"], failure["agent_build"]) == ("started", GOLDEN, None)


async def _rows(lab: Lab) -> list[Any]:
    found: list[Any] = []
    async with lab.database.read() as connection:
        for table in schema.auth_sessions.metadata.sorted_tables:
            found += [(table.name, tuple(row)) for row in await connection.execute(sa.select(table))]
    return found


async def test_a_session_that_goes_on_while_it_is_read_is_not_half_shown(
    lab: Lab, ann: httpx.AsyncClient
) -> None:
    """Its row is read before its history; a stage of which the row says nothing comes with the next event."""
    session_id = lab_id(await _start(ann))
    before = await lab.context.sign_ins.get(lab.ann, session_id)
    await ann.post(f"/api/auth/session/{session_id}/cancel")
    await lab.ended(session_id)
    shown = await present(lab.context, before)
    assert [stage.status for stage in shown.stages][-1] == shown.status == before.status
    after = await present(lab.context, await lab.context.sign_ins.get(lab.ann, session_id))
    assert [stage.status for stage in after.stages][-1] == after.status == "cancelled"


async def test_reading_changes_nothing(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    record = await lab.until(lab_id(session_id), lambda now: now.page_title is not None)
    await lab.timeline.close()  # what was stored behind the sign-in is there
    await lab.context.audit.close()
    before = await _rows(lab)
    session = f"/api/auth/session/{session_id}"
    for path in (
        session,
        f"{session}/oauth-url",
        f"{session}/credentials/status",
        f"{session}/timeline",
        "/api/auth/sessions",
        f"/api/vms/{record.vm_id}",
        f"/api/vms/{record.vm_id}/timeline",
        "/api/vms",
        "/api/providers",
        "/api/credentials",
        "/api/host",
        "/api/goldens",
        "/api/me",
        f"/api/vms/{record.vm_id}/logs",
        f"/api/tables/sessions/{session_id}",
        *(f"/api/tables/{table}" for table in ("machines", "sessions", "credentials", "audit")),
        "/api/health/starts",
        "/api/settings",
    ):
        assert (await ann.get(path)).status_code == 200, path
    assert await _rows(lab) == before


async def test_a_machine_of_a_sign_in_is_ended_with_it(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    record = await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    ended = await ann.delete(f"/api/vms/{record.vm_id}")
    assert (ended.status_code, ended.json()["status"]) == (200, "destroyed")
    assert (await ann.get(f"/api/auth/session/{session_id}")).json()["status"] == "cancelled"
    assert (await ann.delete(f"/api/vms/{record.vm_id}")).json() == ended.json()


async def test_a_machine_without_a_sign_in(lab: Lab, ann: httpx.AsyncClient) -> None:
    started = await ann.post("/api/vms", json={})
    assert (started.status_code, started.json()["status"]) == (201, "running")
    shown = (await ann.get(f"/api/vms/{started.json()['vm_id']}")).json()
    assert shown["golden"] == {
        "golden_id": GOLDEN,
        "agent_build": BUILD,
        "built_at": "2026-11-22T12:00:00Z",
        "signed_by": "fa" * 32,
        "signature": "holds",
    }
    ended = await ann.delete(f"/api/vms/{started.json()['vm_id']}")
    assert ended.json()["status"] == "destroyed"
    await lab.nothing_left()


# -- events -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _following(client: httpx.AsyncClient, served: str, session_id: str) -> AsyncIterator[Stream]:
    """A subscriber on a connection of its own (in process an answer comes whole, never as it is made)."""
    async with httpx.AsyncClient(headers=client.headers, trust_env=False) as own:
        url = f"http://{served}/api/auth/session/{session_id}/events"
        async with own.stream("GET", url) as answer:
            yield Stream(answer)


async def test_events_begin_with_the_state_now_and_end_after_the_last(
    lab: Lab, ann: httpx.AsyncClient, served: str
) -> None:
    session_id = await _start(ann)
    now = await lab.until(lab_id(session_id), lambda now: now.page_title is not None)
    async with _following(ann, served, session_id) as first, _following(ann, served, session_id) as second:
        for stream in (first, second):
            event = await stream.next()
            assert event is not None
            assert event["event"] == "session"
            assert event["id"] == str(event["seq"]) == str(now.seq)
            assert event["session"] == (await ann.get(f"/api/auth/session/{session_id}")).json()
        await lab.machine().agent.sign_in()
        for stream in (first, second):
            events = await stream.all()
            assert events[-1]["session"]["status"] == "completed"
            ids = [int(event["id"]) for event in events]
            assert ids == sorted(ids)  # the same one again when only the timeline went on
            assert all(event["session"]["status"] not in FINAL for event in events[:-1])


async def test_a_change_is_pushed(lab: Lab, ann: httpx.AsyncClient, served: str) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.page_title is not None)
    async with _following(ann, served, session_id) as stream:
        await stream.next()
        await lab.machine().agent.tell("page", title="Another page")
        event = await stream.next()
        assert event is not None
        assert event["session"]["page_title"] == "Another page"


async def test_events_of_an_ended_session_are_its_last_state(ann: httpx.AsyncClient, served: str) -> None:
    session_id = await _start(ann)
    await ann.post(f"/api/auth/session/{session_id}/cancel")
    async with _following(ann, served, session_id) as stream:
        (event,) = await stream.all()
    assert event["session"]["status"] == "cancelled"


class Waiting(dict[Any, Any]):
    """A feed's subscribers, by session; tells when the last one of a session has left."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    def pop(self, *arguments: Any) -> Any:
        self.left.set()
        return super().pop(*arguments)


async def test_a_subscriber_that_leaves_is_forgotten(lab: Lab, ann: httpx.AsyncClient, served: str) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.page_title is not None)
    waiting = lab.sign_ins._world.feed._waiting = Waiting()
    async with _following(ann, served, session_id) as stream:
        await stream.next()
        assert len(waiting[session_id]) == 1
    async with asyncio.timeout(10):
        while waiting:
            waiting.left.clear()
            await waiting.left.wait()


async def test_the_controller_s_end_ends_the_streams(lab: Lab, ann: httpx.AsyncClient, served: str) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.page_title is not None)
    async with _following(ann, served, session_id) as stream:
        await stream.next()
        lab.sign_ins.close_feed()
        assert await stream.all() == []


@pytest.mark.parametrize("text", [" ", "\t\n", "a\x03", "a\x1b[A", "a\nb", "\x00", "a\x9bb"])
async def test_a_pasted_text_is_one_line_without_control_characters(
    lab: Lab, ann: httpx.AsyncClient, text: str
) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    answer = await ann.post(f"/api/auth/session/{session_id}/input", json={"text": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert lab.machine().agent.typed == []


async def test_blanks_around_a_pasted_code_are_left_off(lab: Lab, ann: httpx.AsyncClient) -> None:
    session_id = await _start(ann)
    await lab.until(lab_id(session_id), lambda now: now.auth_url is not None)
    await ann.post(f"/api/auth/session/{session_id}/input", json={"text": " a-code\n"})
    assert lab.machine().agent.typed == ["a-code"]
