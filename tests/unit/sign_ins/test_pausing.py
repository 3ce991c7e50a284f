"""Machines that nobody watches stand still, and run before whoever takes an interest is served."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from lab import SCRIPT, Lab, gathered
from waiting import until

from vestibule.core.errors import MachineFailed
from vestibule.core.providers import Flow
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus as S
from vestibule.services import pausing
from vestibule.services.pausing import PULSE_EVERY_S, PULSE_S
from vestibule.services.room_gauges import room_gauges

pytestmark = pytest.mark.anyio
IDLE_S = 100


@pytest.fixture
async def lab(new_lab: Any) -> AsyncIterator[Lab]:
    async with new_lab(limits={"idle_s": IDLE_S}) as opened:
        yield opened


async def _waits(lab: Lab, flow: Flow = Flow.LOOPBACK) -> SessionRecord:
    record = await lab.sign_ins.start(
        lab.ann, "demo", driver=None, flow=flow, page_url=lambda id_: f"http://lab.test/{id_}"
    )
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await _settled(lab)
    return record


async def _settled(lab: Lab) -> None:
    """The agent's events have all been heard: each is a sign of interest."""
    seen = None
    while seen != (seen := lab.machine().agent._events[-1:]):  # noqa: ASYNC110 (it tells nobody)
        await asyncio.sleep(0.05)


async def _after(lab: Lab, seconds: float) -> bool:
    """Whether the newest machine stands still, so much later."""
    lab.host.moment += seconds
    await lab.machines.pausing.look()
    return lab.machine().paused


async def _paused(lab: Lab, flow: Flow = Flow.LOOPBACK) -> SessionRecord:
    record = await _waits(lab, flow)
    assert await _after(lab, IDLE_S)
    return record


async def test_a_sign_in_that_nobody_watches_stands_still_in_time(lab: Lab) -> None:
    record = await _waits(lab)
    assert not await _after(lab, IDLE_S - 1)
    assert await _after(lab, 1)
    assert lab.machines.pausing.paused(lab.machines._live[_vm(lab)].record.vm_id)
    assert [sample.value for sample in await room_gauges(lab.machines)] == [0, 1, 0]
    assert (await lab.sessions.get(record.session_id)).status is S.AWAITING_USER_AUTH


def _vm(lab: Lab) -> Any:
    return next(iter(lab.machines._live))


async def test_nothing_is_paused_where_the_setting_says_never(new_lab: Any) -> None:
    async with new_lab(limits={"idle_s": 0}) as lab:
        await _waits(lab)
        lab.host.moment += 10_000
        await asyncio.wait_for(lab.machines.pausing.run(), 5)
        assert not lab.machine().paused


async def test_a_device_s_code_is_asked_after_all_the_time(new_lab: Any) -> None:
    script = dataclasses.replace(SCRIPT, auth_url="http://login.demo.test/device")
    async with new_lab(limits={"idle_s": IDLE_S}, script=script) as lab:
        await _waits(lab, Flow.DEVICE)
        assert not await _after(lab, 10_000)


async def test_a_tool_that_is_starting_is_not_paused(new_lab: Any) -> None:
    script = dataclasses.replace(SCRIPT, auth_url=None)
    async with new_lab(limits={"idle_s": IDLE_S}, script=script) as lab:
        record = await lab.connect()
        await lab.reach(record.session_id, S.READY)
        assert not await _after(lab, 10_000)


@pytest.mark.parametrize("of", ["session", "machine"])
async def test_a_machine_that_is_watched_runs(lab: Lab, of: str) -> None:
    record = await _paused(lab)
    async with lab.machines.pausing.watched(record.session_id if of == "session" else _vm(lab)):
        assert not lab.machine().paused
        assert not await _after(lab, 10_000)
    assert not await _after(lab, IDLE_S - 1)
    assert await _after(lab, 1)
    assert not lab.machines.pausing._watching


INTERESTS = ["heartbeat", "paste", "open_url"]


@pytest.mark.parametrize("interest", INTERESTS)
async def test_whoever_takes_an_interest_is_served_by_a_machine_that_runs(lab: Lab, interest: str) -> None:
    record = await _paused(lab, Flow.PASTE)
    match interest:
        case "heartbeat":
            await lab.sign_ins.heartbeat(lab.ann, record.session_id)
        case "paste":
            await asyncio.wait_for(lab.sign_ins.paste(lab.ann, record.session_id, "fake-code"), 5)
        case _:
            await asyncio.wait_for(lab.sign_ins.open_url(lab.ann, record.session_id, "http://x.test/"), 5)
    assert not lab.machine().paused
    if interest != "paste":  # which signs in
        assert not await _after(lab, IDLE_S - 1)
        assert await _after(lab, 1)


async def test_the_agent_s_news_are_an_interest(lab: Lab) -> None:
    await _waits(lab)
    lab.host.moment += IDLE_S - 1
    await lab.machine().agent.tell("page", title="Choose an account")
    await _settled(lab)
    assert not await _after(lab, IDLE_S - 1)


async def test_a_paused_sign_in_goes_on_for_a_moment_every_minute_and_is_completed_then(lab: Lab) -> None:
    record = await _paused(lab)
    assert await _after(lab, PULSE_EVERY_S - 1)
    assert not await _after(lab, 1)
    assert not await _after(lab, PULSE_S - 1)
    assert await _after(lab, 1)
    assert not await _after(lab, PULSE_EVERY_S)
    await lab.machine().agent.sign_in()
    await lab.reach(record.session_id, S.COMPLETED)
    await lab.ended(record.session_id)
    await lab.nothing_left()


async def test_a_check_of_health_is_answered_and_is_no_interest(lab: Lab) -> None:
    await _paused(lab)
    guest = lab.machines.guest(_vm(lab))
    await asyncio.wait_for(guest.health(), 5)
    assert not lab.machine().paused
    assert await _after(lab, PULSE_S)


async def test_a_machine_is_not_paused_while_its_agent_is_being_asked(lab: Lab) -> None:
    await _waits(lab)
    lab.host.moment += 10_000
    async with lab.machines.pausing.asked(_vm(lab)):
        await lab.machines.pausing.look()
        assert not lab.machine().paused
    await lab.machines.pausing.look()
    assert lab.machine().paused


async def test_who_comes_while_it_is_being_paused_waits_and_is_served(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await _waits(lab)
    machine, go_on = lab.machine(), asyncio.Event()
    pause = machine.pause

    async def slow() -> None:
        await go_on.wait()
        await pause()

    monkeypatch.setattr(machine, "pause", slow)
    lab.host.moment += IDLE_S
    pausing = asyncio.create_task(lab.machines.pausing.look())
    await until(lambda: lab.machines._live[_vm(lab)].paused)
    beating = asyncio.create_task(lab.sign_ins.heartbeat(lab.ann, record.session_id))
    await asyncio.sleep(0.05)
    assert not beating.done()
    go_on.set()
    await gathered(pausing, beating)
    assert not machine.paused


async def test_a_machine_without_a_sign_in_stands_still_too_and_has_nothing_to_go_on_with(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    assert await _after(lab, IDLE_S)
    assert await _after(lab, PULSE_EVERY_S)
    await lab.machines.pausing.wake(live.record.vm_id)
    assert not lab.machine().paused


async def test_a_paused_machine_ends_like_any_other(lab: Lab) -> None:
    record = await _paused(lab)
    await lab.sign_ins.cancel(lab.ann, record.session_id)
    await lab.ended(record.session_id)
    await lab.nothing_left()
    assert lab.machines.pausing._rests == {}


async def test_a_machine_that_cannot_be_paused_runs_on_and_is_not_tried_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    record = await _waits(lab)
    machine, tries = lab.machine(), list[str]()

    async def refused() -> None:
        tries.append("pause")
        raise MachineFailed("no freezer", remedy="Look.", code="machine_not_paused")

    monkeypatch.setattr(machine, "pause", refused)
    assert not await _after(lab, IDLE_S)
    assert not await _after(lab, IDLE_S)
    assert tries == ["pause"]
    assert [line["why"] for line in log if line["event"].startswith("Machine is not paused")] == [
        "no freezer"
    ]
    await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    await machine.agent.sign_in()
    await lab.reach(record.session_id, S.COMPLETED)


async def test_a_paused_sign_in_is_taken_over_by_the_next_controller_and_runs(lab: Lab) -> None:
    record = await _paused(lab)
    await lab.sign_ins.leave()
    await lab.machines.leave()
    assert await lab.sign_ins.recover() == 0
    assert not lab.machine().paused
    await _settled(lab)
    assert await _after(lab, IDLE_S)
    await lab.sign_ins.heartbeat(lab.ann, record.session_id)
    await lab.machine().agent.sign_in()
    await lab.reach(record.session_id, S.COMPLETED)


async def _hangs() -> None:
    await asyncio.Event().wait()


async def _unasked(lab: Lab) -> None:
    """Liveness has begun, and has its first answers."""
    await asyncio.sleep(0.1)
    await until(lambda: not any(rest.asked for rest in lab.machines.pausing._rests.values()))


async def _breaks() -> None:
    raise OSError("unforeseen")


async def test_a_machine_that_hangs_is_given_up_and_holds_up_no_other(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "DONE_S", 0.2)
    stuck = await lab.machines.start(lab.ann.user_id, driver=None)
    other = await lab.machines.start(lab.bob.user_id, driver=None)
    monkeypatch.setattr(stuck.machine, "pause", _hangs)
    await _unasked(lab)
    lab.host.moment += IDLE_S
    looking = asyncio.create_task(lab.machines.pausing.look())
    await until(lambda: lab.machine().paused)
    assert (looking.done(), stuck.paused, other.paused) == (False, True, True)
    await asyncio.wait_for(looking, 5)
    assert not stuck.paused


async def test_who_pauses_a_machine_that_hangs_is_told_in_time(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pausing, "DONE_S", 0.05)
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    monkeypatch.setattr(live.machine, "pause", _hangs)
    await _unasked(lab)
    with pytest.raises(MachineFailed) as failed:
        await asyncio.wait_for(lab.machines.pausing.pause(live.record.vm_id), 5)
    assert failed.value.failure_code == "machine_not_paused"
    assert not live.paused


@pytest.mark.parametrize("how", [_hangs, _breaks])
async def test_a_machine_that_cannot_be_resumed_is_liveness_s_to_judge(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    monkeypatch.setattr(pausing, "DONE_S", 0.05)
    record = await _paused(lab)
    live = lab.machines.live(_vm(lab))
    monkeypatch.setattr(live.machine, "resume", how)
    with pytest.raises((MachineFailed, OSError)):
        await asyncio.wait_for(lab.machines.pausing.wake(record.session_id), 5)
    assert not live.paused


async def test_an_unforeseen_error_does_not_end_the_pausing_of_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    monkeypatch.setattr(pausing, "LOOK_S", 0.01)
    broken = await lab.machines.start(lab.ann.user_id, driver=None)
    monkeypatch.setattr(broken.machine, "pause", _breaks)
    monkeypatch.setattr(broken.machine, "resume", _breaks)
    lab.host.moment += IDLE_S
    running = asyncio.create_task(lab.machines.pausing.run())
    await until(lambda: any(line["event"] == "Machine could not be looked at" for line in log))
    assert not broken.paused
    await lab.machines.start(lab.bob.user_id, driver=None)
    lab.host.moment += IDLE_S
    await until(lambda: lab.machine().paused)
    assert not running.done()
    running.cancel()
    await gathered(running)
