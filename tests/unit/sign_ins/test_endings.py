"""Cancelling, deadlines, races, and a controller that stops or died: a final state is final."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import structlog
from lab import TOKEN, Lab, gathered
from lab_doubles import CONSOLE_TEXT

from vestibule.core import sessions as s
from vestibule.core.egress import Reason, Verdict
from vestibule.core.errors import Conflict
from vestibule.core.machines import Exit, MachineStatus
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.drivers import logs
from vestibule.drivers.db.machines import DbMachines

pytestmark = pytest.mark.anyio
S = SessionStatus
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]


async def _at(lab: Lab, stage: SessionStatus, monkeypatch: pytest.MonkeyPatch) -> SessionRecord:
    """A session that stays at this stage: what would lead on from it never ends."""
    never = asyncio.Event()

    async def wait(*_: object, **__: object) -> Any:
        await never.wait()

    if stage is S.STARTED:
        lab.driver.gate = never
    elif stage is S.VM_CREATED:
        monkeypatch.setattr(lab.machines, "introduce", wait)
    elif stage is S.READY:
        monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.login", wait)
    elif stage is S.AUTHENTICATING:
        monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.claim_credential", wait)
    record = await lab.connect()
    if stage is S.STARTED:
        await lab.driver.starting.wait()
    if stage is S.AUTHENTICATING:
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        await lab.machine().agent.sign_in()
    return await lab.reach(record.session_id, stage)


UNFINISHED = sorted(set(S) - FINAL)


@pytest.mark.parametrize("stage", UNFINISHED)
async def test_cancelling_at_any_stage_ends_it_and_its_machine(
    lab: Lab, stage: SessionStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await _at(lab, stage, monkeypatch)
    cancelled = await lab.sign_ins.cancel(lab.ann, record.session_id)
    assert (cancelled.status, cancelled.error_code) == (S.CANCELLED, None)
    assert await lab.ended(record.session_id) == cancelled
    await lab.nothing_left()
    again = await lab.sign_ins.cancel(lab.ann, record.session_id)
    assert again == cancelled


@pytest.mark.parametrize("stage", UNFINISHED)
async def test_the_controller_s_end_ends_every_stage(
    lab: Lab, stage: SessionStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await _at(lab, stage, monkeypatch)
    await lab.sign_ins.stop()
    ended = await lab.sessions.get(record.session_id)
    assert (ended.status, ended.error_code, ended.error_stage) == (S.FAILED, "controller_restarted", stage)
    await lab.nothing_left()


async def test_the_end_of_the_controller_ends_machines_without_a_sign_in(lab: Lab) -> None:
    live = await gathered(*(lab.machines.start(lab.ann.user_id, driver=None) for _ in range(3)))
    assert len({one.record.vm_ip for one in live}) == 3
    await lab.machines.destroy_all()
    assert {m.status for m in await lab.machines.of_user(lab.ann.user_id)} == {MachineStatus.DESTROYED}
    await lab.nothing_left()


async def test_nobody_seen_until_the_deadline_is_a_timeout(lab: Lab) -> None:
    record = await lab.connect()
    lab.clock.move(lab.sign_ins.providers["demo"].deadline_s)
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.error_code) == (S.TIMEOUT, "login_timeout")
    assert ended.error_remedy
    await lab.nothing_left()


async def test_a_heartbeat_moves_the_deadline(lab: Lab) -> None:
    deadline_s = lab.sign_ins.providers["demo"].deadline_s
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.clock.move(deadline_s - 1)
    moved = await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    assert moved.deadline_at is not None
    assert (moved.deadline_at - lab.clock.now()).total_seconds() == deadline_s
    lab.clock.move(deadline_s - 1)  # past the first deadline
    moved = await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    assert moved.status is S.AWAITING_USER_AUTH
    lab.clock.move(deadline_s)  # nobody since
    assert (await lab.ended(record.session_id)).status is S.TIMEOUT


async def test_help_for_the_tool_is_a_sign_of_life(lab: Lab) -> None:
    record = await lab.connect()
    before = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.clock.move(60)
    after = await lab.sign_ins.open_url(lab.ann, record.session_id, "https://example.com")
    assert before.deadline_at is not None
    assert after.deadline_at is not None
    assert (after.deadline_at - before.deadline_at).total_seconds() == 60


async def test_a_heartbeat_after_the_end_is_a_conflict(lab: Lab) -> None:
    record = await lab.connect()
    await lab.sign_ins.cancel(lab.ann, record.session_id)
    with pytest.raises(Conflict):
        await lab.sign_ins.heartbeat(lab.ann, record.session_id)


async def test_a_heartbeat_whose_answer_comes_late_undoes_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    stored, answered, update = asyncio.Event(), asyncio.Event(), lab.sessions.update

    async def slow(*arguments: Any, **fields: Any) -> SessionRecord:
        answer = await update(*arguments, **fields)
        if "deadline_at" in fields:
            stored.set()
            await answered.wait()
        return answer

    monkeypatch.setattr(lab.sessions, "update", slow)
    beating = asyncio.create_task(lab.sign_ins.heartbeat(lab.ann, record.session_id))
    await stored.wait()
    await lab.machine().agent.sign_in()
    await lab.reach(record.session_id, S.COMPLETED)
    answered.set()
    await beating
    assert (await lab.ended(record.session_id)).status is S.COMPLETED
    await lab.nothing_left()


async def test_cancelling_and_completing_at_once_come_to_one_end(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    first, *_ = await gathered(
        *(lab.sign_ins.cancel(lab.ann, record.session_id) for _ in range(3)),
        lab.machine().agent.sign_in(),
    )
    ended = await lab.ended(record.session_id)
    assert first == ended
    stages, _notices = await lab.sign_ins.history(record.session_id)
    assert len([stage for stage in stages if stage.status in FINAL]) == 1
    await lab.nothing_left()


async def test_a_cancel_that_comes_after_the_seal_loses(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    run = lab.sign_ins._runs[record.session_id]
    seal = lab.context.credentials.seal

    def seal_then_cancel(*arguments: Any) -> Any:
        sealed = seal(*arguments)
        asyncio.get_running_loop().call_soon(run.post, s.CancelAsked())
        return sealed

    monkeypatch.setattr(lab.context.credentials, "seal", seal_then_cancel)
    await lab.machine().agent.sign_in()
    ended = await lab.ended(record.session_id)
    assert (ended.status, ended.credential_id is not None) == (S.COMPLETED, True)


async def test_a_stop_of_its_machine_returns_when_it_is_gone(lab: Lab) -> None:
    record = await lab.connect()
    now = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert now.vm_id is not None
    stopping, gate, machine = asyncio.Event(), asyncio.Event(), lab.machine()
    stop = machine.stop

    async def slow() -> None:
        stopping.set()
        await gate.wait()
        await stop()

    machine.stop = slow  # type: ignore[method-assign]  # slow
    await lab.sign_ins.cancel(lab.ann, record.session_id)
    await stopping.wait()
    second = asyncio.create_task(lab.machines.destroy(now.vm_id))
    third = asyncio.create_task(lab.machines.destroy(now.vm_id))
    await asyncio.sleep(0)  # both wait for the end that is under way
    third.cancel()
    assert not second.done()
    gate.set()
    await second
    assert (await DbMachines(lab.database).get(now.vm_id)).status is MachineStatus.DESTROYED


async def test_an_address_reserved_in_the_moment_of_a_cancel_is_given_back(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = lab.machines._rows
    stored, add = asyncio.Event(), rows.add

    async def slow(machine: Any) -> None:
        await add(machine)
        stored.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(rows, "add", slow)
    record = await lab.connect()
    await stored.wait()
    await lab.sign_ins.cancel(lab.ann, record.session_id)
    await lab.ended(record.session_id)
    await lab.nothing_left()
    (row,) = await lab.machines.of_user(lab.ann.user_id)
    assert (row.status, row.error_code) == (MachineStatus.DESTROYED, None)


async def test_a_machine_that_ends_by_itself_closes_its_row(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    lab.machine().end(Exit(code=None, signal=9))
    await asyncio.wait(lab.machines.lifetimes.tasks)
    closed = await DbMachines(lab.database).get(live.record.vm_id)
    assert (closed.status, closed.error_code) == (MachineStatus.FAILED, "machine_exited")
    await lab.nothing_left()


async def test_a_machine_without_a_sign_in_has_a_life(new_lab: OpenLab) -> None:
    async with new_lab(limits={"life_s": 0.01}) as lab:
        live = await lab.machines.start(lab.ann.user_id, driver=None)
        await asyncio.wait(lab.machines.lifetimes.tasks)
        closed = await DbMachines(lab.database).get(live.record.vm_id)
        assert (closed.status, closed.error_code) == (MachineStatus.DESTROYED, None)
        await lab.nothing_left()


async def test_the_end_of_the_controller_ends_every_watch(lab: Lab) -> None:
    await lab.machines.start(lab.ann.user_id, driver=None)
    watches = tuple(lab.machines.lifetimes.tasks)
    await lab.machines.destroy_all()
    assert [watch.cancelled() for watch in watches] == [True]
    assert lab.machines.lifetimes.tasks == set()


async def test_what_a_dead_controller_left_is_ended_at_the_next_start(lab: Lab) -> None:
    record = await lab.connect()
    now = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert now.vm_id is not None
    await _die(lab)
    lab.machine().end(Exit(code=None, signal=9))
    assert await lab.sign_ins.recover() == 1
    lost = await lab.machines.restarts.reconcile()
    assert [row.vm_id for row in lost] == [now.vm_id]
    ended = await lab.sessions.get(record.session_id)
    assert (ended.status, ended.error_code, ended.error_stage) == (
        S.FAILED,
        "controller_restarted",
        S.AWAITING_USER_AUTH,
    )
    row = await DbMachines(lab.database).get(now.vm_id)
    assert (row.status, row.error_code) == (MachineStatus.FAILED, "controller_restarted")
    assert not (lab.folder / "run/machines" / now.vm_id).exists()
    assert (lab.folder / "state/evidence" / now.vm_id / "console.log").read_text() == CONSOLE_TEXT
    assert await lab.sign_ins.recover() == 0
    assert await lab.machines.restarts.reconcile() == []


async def _die(lab: Lab) -> None:
    """Nothing of what a controller holds in memory outlives it, and it ends nothing in order."""
    for live in lab.machines._live.values():
        live.hold.release()
    lab.machines._live.clear()
    tasks = tuple(lab.sign_ins._tasks.values())
    for task in tasks:
        task.cancel()
    await gathered(*tasks)
    for listener in lab.egress.open_for.values():
        listener.close()
    lab.egress.open_for.clear()


async def test_a_folder_without_a_machine_is_cleared_at_the_start(lab: Lab) -> None:
    orphan = lab.folder / "run/machines/vm-00000000000000ff"
    orphan.mkdir(parents=True)
    (orphan / "console.log").write_text("old")
    await lab.machines.restarts.reconcile()
    assert not orphan.exists()
    assert (lab.folder / "state/evidence" / orphan.name / "console.log").read_text() == "old"


async def test_a_sign_in_page_out_of_reach_is_a_notice(lab: Lab) -> None:
    record = await lab.connect()
    now = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert now.vm_id is not None
    for host in ("login.demo.test", "ads.example.com"):
        verdict = Verdict(host=host, port=80, reason=Reason.UNREACHABLE)
        await lab.sign_ins.site_missed(now.vm_id, verdict)
    _stages, notices = await lab.sign_ins.history(record.session_id)
    assert [notice.code for notice in notices] == ["egress_unreachable"]
    assert notices[0].text.startswith("The sign-in page cannot load: ")
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH


@pytest.fixture
async def written(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[bool], io.StringIO]]:
    """Real log lines, as an operator reads them, in memory."""

    def to_memory(json: bool) -> io.StringIO:  # noqa: FBT001  (one of the two forms)
        lines = io.StringIO()
        monkeypatch.setattr(sys, "stderr", lines)
        logs.configure(json=json)
        return lines

    yield to_memory
    structlog.reset_defaults()


@pytest.mark.parametrize("json", [True, False], ids=["json", "terminal"])
async def test_no_log_line_holds_a_secret(
    lab: Lab, written: Callable[[bool], io.StringIO], json: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good sign-in, then one that a defect ends while the credential is in a local variable."""
    lines = written(json)
    tokens: list[str] = []
    guest_of = lab.machines._introductions._guest_of

    def noted(machine: Any, token: str) -> Any:
        tokens.append(token)
        return guest_of(machine, token)

    monkeypatch.setattr(lab.machines._introductions, "_guest_of", noted)
    await _sign_in(lab)

    def break_down(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(lab.context.credentials, "seal", break_down)
    failed = await _sign_in(lab)
    assert failed.error_code == "internal"
    text = lines.getvalue()
    assert "ZeroDivisionError" in text
    for secret in (TOKEN, "visibly-fake-refresh-token", "access_token", *tokens):
        assert secret not in text
        assert secret not in str(failed)
    assert len(tokens) == 2


async def _sign_in(lab: Lab) -> SessionRecord:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    return await lab.ended(record.session_id)
