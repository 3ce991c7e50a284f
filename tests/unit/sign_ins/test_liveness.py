"""An agent that answers nothing any more is noticed; one that could not be asked is not blamed."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from lab import Lab
from lab_doubles import CONSOLE_TEXT

from vestibule.core.errors import MachineFailed
from vestibule.core.machines import MachineStatus
from vestibule.core.pressure import BUSY
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus as S
from vestibule.drivers.guest import HttpGuest
from vestibule.services.liveness import BUSY_CPU, BUSY_MEMORY
from vestibule.services.racing import first_of
from vestibule.services.waking_guest import WakingGuest

pytestmark = pytest.mark.anyio
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
LIMIT_S = 0.4


@pytest.fixture
async def lab(new_lab: OpenLab) -> AsyncIterator[Lab]:
    async with new_lab(limits={"liveness_s": LIMIT_S}) as opened:
        yield opened


async def _waiting(lab: Lab) -> SessionRecord:
    record = await lab.connect()
    return await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_an_agent_that_falls_silent_fails_its_session(lab: Lab) -> None:
    record = await _waiting(lab)
    await asyncio.sleep(2 * LIMIT_S)  # it answers
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    began = time.monotonic()
    await lab.machine().pause()
    ended = await lab.ended(record.session_id)
    assert time.monotonic() - began < 10 * LIMIT_S
    assert (ended.status, ended.error_code) == (S.FAILED, "agent_unreachable")
    assert "has not answered for" in str(ended.error_cause)
    assert ended.error_evidence["console"] == CONSOLE_TEXT.strip()
    await lab.nothing_left()


async def test_a_machine_without_a_session_is_ended_for_that_reason(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    await lab.machine().pause()
    async with asyncio.timeout(10):
        await asyncio.gather(*lab.machines.lifetimes.tasks)
    row = await lab.machines.of_owner(lab.ann.user_id, live.record.vm_id)
    assert (row.status, row.error_code) == (MachineStatus.FAILED, "agent_unreachable")
    assert "has not answered for" in str(row.error_cause)


async def test_a_refused_connection_is_no_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await _waiting(lab)

    async def vanished(_port: int) -> Any:
        raise ConnectionRefusedError

    assert record.vm_id is not None
    asked = lab.machines.guest(record.vm_id)
    assert isinstance(asked, WakingGuest)
    assert isinstance(asked._guest, HttpGuest)
    monkeypatch.setattr(asked._guest._http, "_connect", vanished)
    assert (await lab.ended(record.session_id)).error_code == "agent_unreachable"


async def test_an_agent_that_is_not_well_answers_all_the_same(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_guest: object) -> Any:
        raise MachineFailed("It is not of this contract.", remedy="Rebuild.", code="agent_mismatch")

    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.alive", refuse)
    record = await _waiting(lab)
    await asyncio.sleep(3 * LIMIT_S)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH


async def test_a_controller_that_stood_still_itself_blames_nobody(lab: Lab) -> None:
    record = await _waiting(lab)
    await lab.machine().pause()  # a question is under way when this process stops
    await asyncio.sleep(LIMIT_S / 2)
    time.sleep(4 * LIMIT_S)  # noqa: ASYNC251 (that is the claim)
    await lab.machine().resume()
    await asyncio.sleep(2 * LIMIT_S)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH


async def test_a_paused_machine_is_not_asked(lab: Lab) -> None:
    record = await _waiting(lab)
    assert record.vm_id is not None
    live = lab.machines.live(record.vm_id)
    live.paused = True
    await lab.machine().pause()
    await asyncio.sleep(3 * LIMIT_S)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    await lab.machine().resume()
    live.paused = False
    await asyncio.sleep(LIMIT_S)
    await lab.machine().pause()
    assert (await lab.ended(record.session_id)).error_code == "agent_unreachable"


@pytest.mark.parametrize(("of", "much"), [("load", BUSY), ("cpu", BUSY_CPU), ("memory", BUSY_MEMORY)])
async def test_a_saturated_host_gets_more_time(lab: Lab, of: str, much: Any) -> None:
    record = await _waiting(lab)
    lab.host.pressure = dataclasses.replace(lab.host.pressure, **{of: much})
    await lab.machine().pause()
    await asyncio.sleep(2 * LIMIT_S)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    assert (await lab.ended(record.session_id)).status is S.FAILED


async def test_what_a_saturated_host_did_is_the_host_s(lab: Lab) -> None:
    record = await _waiting(lab)
    lab.host.pressure = dataclasses.replace(lab.host.pressure, load=BUSY)
    await lab.machine().pause()
    ended = await lab.ended(record.session_id)
    assert ended.error_code == "host_saturated"
    assert ended.error_evidence["first_seen_as"].startswith("agent_unreachable: ")


async def test_a_machine_that_went_on_from_a_controller_before_is_asked_too(lab: Lab) -> None:
    record = await _waiting(lab)
    await lab.sign_ins.leave()
    await lab.machines.leave()
    await lab.sign_ins.recover()
    await lab.machine().pause()
    assert (await lab.ended(record.session_id)).error_code == "agent_unreachable"


@pytest.mark.parametrize("how", ["unanswered", "refused"])
async def test_silence_while_the_broker_does_not_answer_is_no_agent_s(
    lab: Lab, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await _waiting(lab)
    lab.host.broker_answers = False
    if how == "unanswered":
        await lab.machine().pause()
    else:
        monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.alive", _unreachable)
    await asyncio.sleep(4 * LIMIT_S)
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH
    lab.host.broker_answers = True
    assert (await lab.ended(record.session_id)).error_code == "agent_unreachable"


async def _unreachable(_guest: object) -> None:
    raise MachineFailed("Nothing is there.", remedy="Start again.", code="agent_unreachable")


async def test_a_machine_that_could_not_be_resumed_has_not_answered(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(_guest: object) -> None:
        raise MachineFailed("It stands still.", remedy="Start again.", code="machine_not_paused")

    record = await _waiting(lab)
    monkeypatch.setattr("vestibule.drivers.guest.HttpGuest.alive", stuck)
    assert (await lab.ended(record.session_id)).error_code == "agent_unreachable"


async def test_who_waits_for_the_first_of_two_can_be_cancelled_at_any_moment() -> None:
    ending = asyncio.Event()

    async def at_once() -> int:
        return 1

    async def slow_to_end() -> int:
        try:
            await asyncio.sleep(60)
        finally:
            ending.set()
            await asyncio.sleep(60)
        return 2

    waiting = asyncio.create_task(first_of(at_once(), slow_to_end()))
    await ending.wait()
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=5)
    assert waiting.cancelled()
