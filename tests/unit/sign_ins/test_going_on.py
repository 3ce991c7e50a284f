"""A controller is gone, its machines are not: the next one goes on with their sign-ins."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from lab import SCRIPT, Lab, gathered

from vestibule.core.machines import DriverName
from vestibule.core.sessions import SessionStatus as S
from vestibule.drivers.db.machines import DbMachines
from vestibule.services import late_checks, sign_in_run
from vestibule.services.deadline import RETURN_S

pytestmark = pytest.mark.anyio
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]


async def _die(lab: Lab) -> None:
    """Whatever a controller holds in memory is gone; its machines run on."""
    await lab.sign_ins.leave()
    tasks = tuple(lab.machines.lifetimes.tasks)
    for task in tasks:
        task.cancel()
    await gathered(*tasks)
    for live in lab.machines._live.values():
        live.hold.release()
    lab.machines._live.clear()
    for listener in lab.egress.open_for.values():
        listener.close()
    lab.egress.open_for.clear()


async def test_a_sign_in_goes_on_and_is_completed(lab: Lab) -> None:
    record = await lab.connect()
    before = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _die(lab)
    assert await lab.sign_ins.recover() == 0
    assert await lab.machines.restarts.reconcile() == []
    await lab.machine().agent.sign_in()
    done = await lab.reach(record.session_id, S.COMPLETED)
    assert (done.vm_id, done.auth_url) == (before.vm_id, before.auth_url)
    assert done.credential_id is not None
    await lab.ended(record.session_id)
    await lab.nothing_left()


async def test_a_browser_that_never_came_is_noticed_by_the_next_controller(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_run, "CHECKS_LATER_S", 0)
    monkeypatch.setattr(late_checks, "AGAIN_S", 0)
    settings = dataclasses.replace(lab.machines._settings, confirm_timeout_s={DriverName.FAKE: 0.1})
    monkeypatch.setattr(lab.machines, "_settings", settings)
    record = await lab.connect()
    before = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert before.vm_id is not None
    live = lab.machines.live(before.vm_id)
    live.pending = frozenset({"browser"})
    await lab.machines.note_typed(before.vm_id, ())
    await _die(lab)
    lab.machine().agent._script = dataclasses.replace(SCRIPT, failing_check="browser")
    assert await lab.sign_ins.recover() == 0
    assert (await lab.reach(record.session_id, S.FAILED)).error_code == "browser_absent"


async def test_what_was_made_up_for_is_not_asked_again_by_the_next_controller(lab: Lab) -> None:
    record = await lab.connect()
    before = await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert before.vm_id is not None
    live = lab.machines.live(before.vm_id)
    live.pending = frozenset({"browser"})
    await lab.machines.note_typed(before.vm_id, ())
    await lab.machines.complete(live)
    await _die(lab)
    assert await lab.sign_ins.recover() == 0
    assert lab.machines.live(before.vm_id).pending == frozenset()


async def test_who_signed_in_while_nobody_listened_is_not_asked_again(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _die(lab)
    await lab.machine().agent.sign_in()
    assert await lab.sign_ins.recover() == 0
    assert (await lab.reach(record.session_id, S.COMPLETED)).error_code is None


async def test_a_tool_that_ended_while_no_controller_ran_is_no_fault_of_the_tool(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _die(lab)
    await lab.machine().agent.tell("tool_exited", exit_code=3, screen="connection refused")
    assert await lab.sign_ins.recover() == 0
    ended = await lab.reach(record.session_id, S.FAILED)
    assert ended.error_code == "controller_restarted"
    assert "exit code 3" in (ended.error_cause or "")
    assert ended.error_evidence["screen"] == "connection refused"


async def test_a_tool_that_ends_under_the_next_controller_has_ended_by_itself(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _die(lab)
    assert await lab.sign_ins.recover() == 0
    agent = lab.machine().agent
    await agent.tell("page", title="Heard by the next one")
    await lab.until(record.session_id, lambda now: now.page_title == "Heard by the next one")
    await agent.tell("tool_exited", exit_code=3, screen="connection refused")
    assert (await lab.reach(record.session_id, S.FAILED)).error_code == "tool_exited"


async def test_a_sign_in_whose_machine_was_only_starting_gets_another_one(lab: Lab) -> None:
    lab.driver.gate = asyncio.Event()
    record = await lab.connect()
    await lab.driver.starting.wait()
    await _die(lab)
    assert await lab.sign_ins.recover() == 0
    await lab.machines.restarts.reconcile()
    lab.driver.gate.set()
    assert await lab.sign_ins.begin_anew() == 1
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_a_sign_in_whose_machine_had_not_confirmed_fails_with_that_reason(new_lab: Any) -> None:
    async with new_lab(script=dataclasses.replace(SCRIPT, silent=True)) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.VM_CREATED)
        await _die(lab)
        assert await lab.sign_ins.recover() == 1
        ended = await lab.sessions.get(record.session_id)
        assert (ended.status, ended.error_code, ended.error_stage) == (
            S.FAILED,
            "controller_restarted",
            S.VM_CREATED,
        )


async def test_what_was_typed_before_is_hidden_after(new_lab: OpenLab) -> None:
    deaf = dataclasses.replace(SCRIPT, refusal="")
    async with new_lab(script=deaf) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        await lab.sign_ins.paste(lab.ann, record.session_id, "fake-code-1")
        await _die(lab)
        await lab.sign_ins.recover()
        assert lab.sign_ins._run(record.session_id).typed.hide("> fake-code-1") == "> (pasted text)"


async def test_a_deadline_that_passed_meanwhile_leaves_time_to_come_back(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _die(lab)
    lab.clock.move(1_000_000)
    await lab.sign_ins.recover()
    now = await lab.sessions.get(record.session_id)
    assert now.status is S.AWAITING_USER_AUTH
    assert now.deadline_at == lab.clock.now() + dt.timedelta(seconds=RETURN_S)


async def test_a_machine_without_a_sign_in_is_taken_over(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    await _die(lab)
    assert await lab.machines.restarts.adopt_unused() == 1
    assert await lab.machines.restarts.reconcile() == []
    assert (await lab.machines.guest(live.record.vm_id).health()).vm_id == live.record.vm_id
    await lab.machines.destroy(live.record.vm_id)
    await lab.nothing_left()


async def test_a_controller_that_leaves_ends_nothing(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.leave()
    await lab.machines.leave()
    await lab.machines.destroy_all()
    assert not lab.machine().ended
    assert len(await DbMachines(lab.database).live()) == 1
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    assert lab.egress.open_for == {}
    assert all(hold.released for hold in lab.goldens.holds)
