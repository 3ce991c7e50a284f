"""A sign-in's whole path, and what its owner may do on the way."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from typing import Any

import pytest
from golden_doubles import BUILD, GOLDEN
from lab import SCRIPT, TOKEN, URL, Lab, gathered

from vestibule.core.errors import Absent, BadInput, Conflict, HostUnfit
from vestibule.core.ids import SessionId
from vestibule.core.machines import DriverName, Isolation, MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.guest import HttpGuest

pytestmark = pytest.mark.anyio
S = SessionStatus


async def test_from_connect_to_a_sealed_credential(lab: Lab) -> None:
    record = await lab.connect()
    waiting = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert (waiting.auth_url, waiting.agent_build) == (URL, BUILD)
    await lab.machine().agent.sign_in()
    done = await lab.ended(record.session_id)
    assert done.status is S.COMPLETED
    stages, _notices = await lab.sign_ins.history(record.session_id)
    assert [stage.status for stage in stages] == list(S)[:6]
    assert done.credential_id is not None
    _row, file = await lab.context.credentials.export(lab.ann, done.credential_id)
    assert json.loads(base64.b64decode(file.files[0].content))["access_token"] == TOKEN
    await lab.nothing_left()


async def test_the_credential_is_stored_before_the_machine_is_stopped(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    assert lab.journal == ["stored completed", "machine stopped"]


async def test_a_credential_is_kept_though_the_master_key_is_exchanged_before_it_is_stored(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine gives it only once."""
    complete, rotations = lab.sessions.complete, [lab.context.rotation.rotate]

    async def late(*args: Any, **kwargs: Any) -> SessionRecord:
        while rotations:
            assert (await rotations.pop()(lab.ann)).finished
        return await complete(*args, **kwargs)

    monkeypatch.setattr(lab.sessions, "complete", late)
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    done = await lab.ended(record.session_id)
    assert done.credential_id is not None
    _row, file = await lab.context.credentials.export(lab.ann, done.credential_id)
    assert json.loads(base64.b64decode(file.files[0].content))["access_token"] == TOKEN


async def test_a_machine_s_fields_are_there_with_the_state_that_promises_them(lab: Lab) -> None:
    """Every stored state is looked at as it is published."""
    record = await lab.connect()
    seen: dict[SessionStatus, SessionRecord] = {}
    async for _ in lab.sign_ins.changes(record.session_id, 10):
        now = await lab.sessions.get(record.session_id)
        seen.setdefault(now.status, now)
        if now.vm_id is not None:
            (machine,) = await lab.machines.of_user(lab.ann.user_id)
            assert machine.status is not MachineStatus.CREATING
        if now.status is S.AWAITING_USER_AUTH:
            break
    assert seen[S.STARTED].vm_id is None
    for status in set(seen) - {S.STARTED}:
        now = seen[status]
        assert now.browser_vm_id == now.vm_id == next(iter(lab.driver.machines))
        assert now.vm_ip == "192.168.100.2"
        assert now.vnc_url == f"http://lab.test/{record.session_id}"
        assert (now.driver, now.isolation) == (DriverName.FAKE, Isolation.CONTAINER)
        assert now.golden_id == GOLDEN


async def test_start_does_not_wait_for_the_machine(lab: Lab) -> None:
    lab.driver.gate = asyncio.Event()  # never opened: no machine ever starts
    record = await lab.connect()
    assert record.status is S.STARTED
    await lab.driver.starting.wait()
    assert (await lab.sessions.get(record.session_id)).status is S.STARTED


async def test_the_log_tells_that_the_machine_was_created(lab: Lab, log: list[Any]) -> None:
    lab.driver.gate = asyncio.Event()
    record = await lab.connect()
    await lab.driver.starting.wait()
    lab.clock.move(1.234)
    lab.driver.gate.set()
    now = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    (line,) = [line for line in log if line["event"] == "Browser VM created successfully"]
    assert {name: line[name] for name in ("vm_id", "vm_ip", "session_id", "golden_id", "duration_ms")} == {
        "vm_id": now.vm_id,
        "vm_ip": "192.168.100.2",
        "session_id": record.session_id,
        "golden_id": GOLDEN,
        "duration_ms": 1234,
    }


async def test_the_machine_may_reach_the_tool_s_sites_alone(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert list(lab.egress.allowed.values()) == [("login.demo.test",)]


async def test_a_second_connect_names_the_open_session(lab: Lab) -> None:
    record = await lab.connect()
    with pytest.raises(Conflict, match=record.session_id) as refused:
        await lab.connect()
    assert refused.value.failure_code == "session_open"
    assert refused.value.evidence == {"session_id": record.session_id}
    assert len(await lab.sign_ins.list(lab.ann)) == 1


async def test_many_connects_at_once_open_one_session(lab: Lab) -> None:
    outcomes = await gathered(*(lab.connect() for _ in range(5)))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 4 + ["SessionRecord"]


async def test_another_user_and_another_tool_are_not_in_the_way(lab: Lab) -> None:
    for user, provider in ((lab.ann, "demo"), (lab.bob, "demo"), (lab.ann, "codex")):
        await lab.connect(user, provider)
    assert len(await lab.sessions.unfinished()) == 3


async def test_connect_is_possible_again_after_the_end(lab: Lab) -> None:
    first = await lab.connect()
    await lab.sign_ins.cancel(lab.ann, first.session_id)
    assert (await lab.connect()).session_id != first.session_id


async def test_two_sessions_never_share_an_address(lab: Lab) -> None:
    records = await gathered(
        *(lab.connect(user, provider) for user in (lab.ann, lab.bob) for provider in ("demo", "codex"))
    )
    shown = await gathered(*(lab.until(r.session_id, lambda now: now.vm_ip is not None) for r in records))
    assert len({now.vm_ip for now in shown}) == 4


async def test_an_address_is_given_again_once_it_is_free(lab: Lab) -> None:
    first = await lab.connect()
    await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.cancel(lab.ann, first.session_id)
    await lab.ended(first.session_id)
    second = await lab.connect()
    assert (await lab.reach(second.session_id, S.AWAITING_USER_AUTH)).vm_ip == "192.168.100.2"


async def test_an_unknown_provider_is_refused_with_those_there_are(lab: Lab) -> None:
    with pytest.raises(BadInput) as refused:
        await lab.connect(provider="nosuch")
    assert refused.value.failure_code == "unknown_provider"
    assert "codex, copilot, cursor, demo" in refused.value.remedy
    assert await lab.sign_ins.list(lab.ann) == []


async def test_a_driver_that_this_host_lacks_is_refused_at_once(lab: Lab) -> None:
    with pytest.raises(HostUnfit) as refused:
        await lab.sign_ins.start(lab.ann, "demo", driver=DriverName.QEMU, page_url=str)
    assert refused.value.failure_code == "driver_unavailable"
    assert await lab.sign_ins.list(lab.ann) == []


async def test_a_pasted_code_is_typed_into_the_tool(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.paste(lab.ann, record.session_id, "visibly-fake-code")
    assert lab.machine().agent.typed == ["visibly-fake-code"]
    assert (await lab.ended(record.session_id)).status is S.COMPLETED


async def test_a_pasted_code_that_ends_the_sign_in_is_answered_with_its_end(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    type_text = HttpGuest.type_text

    async def slow(guest: HttpGuest, text: str, *, enter: bool) -> None:
        await type_text(guest, text, enter=enter)
        await lab.ended(record.session_id)

    monkeypatch.setattr(HttpGuest, "type_text", slow)
    answer = await lab.sign_ins.paste(lab.ann, record.session_id, "visibly-fake-code")
    assert answer.status is S.COMPLETED


async def test_an_address_is_shown_in_the_machine_s_browser(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.open_url(lab.ann, record.session_id, "https://example.com/help")
    opened = [event.data["url"] for event in lab.machine().agent._events if event.type == "browser_opened"]
    assert opened[-1] == "https://example.com/help"


OTHER_ADDRESSES = ["javascript:alert(1)", "file:///etc/passwd", "", "chrome://settings"]
BROKEN_ADDRESSES = ["https://a b", "http://", "http://[", "https://a:0"]


@pytest.mark.parametrize("url", [*OTHER_ADDRESSES, *BROKEN_ADDRESSES])
async def test_other_kinds_of_address_are_refused(lab: Lab, url: str) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    with pytest.raises(BadInput):
        await lab.sign_ins.open_url(lab.ann, record.session_id, url)


async def test_help_for_a_machine_is_refused_before_there_is_one(lab: Lab) -> None:
    lab.driver.gate = asyncio.Event()
    record = await lab.connect()
    with pytest.raises(Conflict) as refused:
        await lab.sign_ins.paste(lab.ann, record.session_id, "text")
    assert refused.value.failure_code == "action_not_allowed"


async def test_a_user_code_and_the_page_s_title_are_shown(new_lab: Any) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, user_code="ABCD-1234")) as lab:
        record = await lab.connect()
        now = await lab.until(record.session_id, lambda now: now.page_title is not None)
        assert (now.user_code, now.page_title) == ("ABCD-1234", "Sign in")


async def test_someone_else_s_session_is_as_absent_as_none(lab: Lab) -> None:
    record = await lab.connect()
    for action in (lab.sign_ins.get, lab.sign_ins.cancel, lab.sign_ins.heartbeat):
        told = []
        for session_id in (record.session_id, SessionId("s-ffffffffffffffff")):
            with pytest.raises(Absent) as refused:
                await action(lab.bob, session_id)
            told.append(str(refused.value).replace(session_id, "…") + refused.value.remedy)
        assert told[0] == told[1]
    assert (await lab.sessions.get(record.session_id)).status not in FINAL


async def test_a_machine_without_a_sign_in_runs_until_it_is_stopped(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    assert (live.record.status, live.record.agent_build) == (MachineStatus.RUNNING, BUILD)
    assert list(lab.egress.allowed.values()) == [()]
    await lab.machines.destroy(live.record.vm_id)
    assert (await DbMachines(lab.database).get(live.record.vm_id)).status is MachineStatus.DESTROYED
    await lab.nothing_left()
