"""Who gets a machine, who waits for one, and who is told that there is none."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from lab import Lab, gathered
from waiting import until

from vestibule.core.admission import LackKind, Place
from vestibule.core.errors import Unavailable
from vestibule.core.ids import SessionId
from vestibule.core.records import SessionRecord, User
from vestibule.core.sessions import SessionStatus as S
from vestibule.services import admission
from vestibule.services.room_gauges import room_gauges

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "LOOK_S", 0.02)


async def _waiting(lab: Lab, record: SessionRecord) -> Place:
    """Its place, once it has one."""
    await until(lambda: lab.sign_ins.place(record.session_id))
    place = lab.sign_ins.place(record.session_id)
    assert place is not None
    return place


async def _end(lab: Lab, record: SessionRecord, user: User | None = None) -> None:
    await lab.sign_ins.cancel(user or lab.ann, record.session_id)
    await lab.ended(record.session_id)


async def test_a_session_waits_for_a_machine_to_end_and_keeps_its_state(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        first = await lab.connect()
        await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        place = await _waiting(lab, second)
        assert [sample.value for sample in await room_gauges(lab.machines)] == [1, 0, 0]
        assert (place.number, place.lack.kind) == (1, LackKind.MACHINES)
        assert place.lack.cause == "1 machine run, the most that max_machines allows."
        assert (await lab.sessions.get(second.session_id)).status is S.STARTED
        await _end(lab, first)
        await lab.reach(second.session_id, S.AWAITING_USER_AUTH)
        assert lab.sign_ins.place(second.session_id) is None


async def test_users_take_turns(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        first = await lab.connect()
        await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
        anns = [await lab.connect(provider=name) for name in ("codex", "gemini-cli")]
        bobs = await lab.connect(lab.bob)
        await _waiting(lab, bobs)
        places = [(await _waiting(lab, one)).number for one in (*anns, bobs)]
        assert places == [1, 3, 2]


async def test_who_has_all_they_may_have_holds_nobody_up(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines_per_user": 1}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        held = await lab.connect(provider="codex")
        assert (await _waiting(lab, held)).lack.kind is LackKind.OWN_MACHINES
        bobs = await lab.connect(lab.bob)
        await lab.reach(bobs.session_id, S.AWAITING_USER_AUTH)
        assert (await _waiting(lab, held)).number == 1


async def test_a_place_that_moves_is_told(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        before, behind = await lab.connect(lab.bob), await lab.connect(provider="codex")
        await _waiting(lab, behind)
        seen: list[int] = []

        async def follow() -> None:
            async for _ in lab.sign_ins.changes(behind.session_id, 10):
                if (place := lab.sign_ins.place(behind.session_id)) is not None:
                    seen.append(place.number)
                if seen[-1:] == [1]:
                    return

        following = asyncio.create_task(follow())
        await until(lambda: seen)
        await _end(lab, before, lab.bob)
        await asyncio.wait_for(following, 10)
        assert list(dict.fromkeys(seen)) == [2, 1]


async def test_who_cancels_while_waiting_leaves_the_line(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        await _waiting(lab, second)
        assert (await lab.sign_ins.cancel(lab.bob, second.session_id)).status is S.CANCELLED
        await lab.ended(second.session_id)
        assert lab.machines.admission._waits == {}
        assert len(lab.driver.machines) == 1


async def test_who_has_waited_too_long_is_told_for_what(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1, "timeout_s": 30}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        await _waiting(lab, second)
        lab.host.moment += 30
        failed = await lab.ended(second.session_id)
        assert (failed.status, failed.error_code, failed.error_stage) == (
            S.FAILED,
            "host_saturated",
            S.STARTED,
        )
        assert failed.error_cause == (
            "There was no room for a machine within 30 s: 1 machine run, the most that max_machines allows."
        )
        assert "raise max_machines." in str(failed.error_remedy)


async def test_what_was_waited_is_not_the_person_s_time(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        first = await lab.connect()
        await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        await _waiting(lab, second)
        lab.host.moment += 20
        lab.clock.move(20)
        await _end(lab, first)
        begun = await lab.reach(second.session_id, S.AWAITING_USER_AUTH)
        assert begun.deadline_at == lab.clock.now() + (second.deadline_at - second.created_at)


async def test_the_person_s_deadline_does_not_pass_in_the_line(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        live = await lab.machines.start(lab.ann.user_id, driver=None)
        record = await lab.connect(lab.bob)
        await _waiting(lab, record)
        lab.sign_ins._runs[record.session_id]._deadline.move(0)
        await asyncio.sleep(0.1)
        assert (await lab.sessions.get(record.session_id)).status is S.STARTED
        lab.host.moment += 20
        await lab.machines.destroy(live.record.vm_id)
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
        lab.sign_ins._runs[record.session_id]._deadline.move(0)
        assert (await lab.ended(record.session_id)).error_code == "login_timeout"


async def test_a_burst_that_there_is_room_for_is_not_refused(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 3, "max_waiting": 1}) as lab:
        names = sorted(lab.sign_ins.providers)[:5]
        results = await gathered(*(lab.connect(provider=name) for name in names))
        begun = [one for one in results if isinstance(one, SessionRecord)]
        assert len(begun) == 4, "three that there is room for, and one that waits"
        assert [one.failure_code for one in results if isinstance(one, Unavailable)] == ["host_saturated"]
        await until(lambda: len(lab.driver.machines) == 3)


async def test_who_does_not_wait_overtakes_nobody_who_does(new_lab: Any) -> None:
    async with new_lab(limits={"max_starts": 1}) as lab:
        lab.driver.gate = asyncio.Event()
        await lab.connect()
        waits = await lab.connect(lab.bob)
        await _waiting(lab, waits)
        with pytest.raises(Unavailable, match="host_saturated") as refused:
            await lab.machines.start(lab.ann.user_id, driver=None)
        assert refused.value.cause == (
            "Sign-ins wait for a machine, and come first: 1 machine start just now, as many at a time as"
            " max_starts allows."
        )
        lab.driver.gate.set()
        await lab.reach(waits.session_id, S.AWAITING_USER_AUTH)
        await lab.machines.start(lab.ann.user_id, driver=None)


async def test_who_waits_for_their_own_machines_keeps_nobody_from_one(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines_per_user": 1}) as lab:
        await lab.machines.start(lab.ann.user_id, driver=None)
        assert (await _waiting(lab, await lab.connect())).lack.kind is LackKind.OWN_MACHINES
        await lab.machines.start(lab.bob.user_id, driver=None)


async def test_a_line_that_is_full_refuses_and_stores_nothing(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1, "max_waiting": 1}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        await _waiting(lab, await lab.connect(lab.bob))
        with pytest.raises(Unavailable, match="host_saturated") as refused:
            await lab.connect(provider="codex")
        assert refused.value.cause == (
            "1 sign-ins wait for a machine, the most that max_waiting allows: "
            "1 machine run, the most that max_machines allows."
        )
        assert len(await lab.sign_ins.list(lab.ann)) == 1


async def test_a_session_that_is_not_stored_holds_no_place(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 2}) as lab:
        await lab.reach((await lab.connect()).session_id, S.AWAITING_USER_AUTH)
        with pytest.raises(Exception, match="session_open"):
            await lab.connect()
        await until(lambda: lab.machines.admission._granted == {})
        await lab.machines.start(lab.bob.user_id, driver=None)


async def test_a_machine_without_a_sign_in_does_not_wait(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        await lab.machines.start(lab.ann.user_id, driver=None)
        with pytest.raises(Unavailable, match="host_saturated") as refused:
            await lab.machines.start(lab.ann.user_id, driver=None)
        assert "raise max_machines." in refused.value.remedy


async def test_a_machine_without_a_sign_in_takes_nobody_s_turn(new_lab: Any, monkeypatch: Any) -> None:
    """From its turn to its row a sign-in has a place already."""
    async with new_lab(limits={"max_machines": 1}) as lab:
        serving, go_on = lab.machines._starts._serving, asyncio.Event()

        async def held(driver: Any) -> Any:
            await go_on.wait()
            return await serving(driver)

        monkeypatch.setattr(lab.machines._starts, "_serving", held)
        record = await lab.connect()
        await until(lambda: record.session_id in lab.machines.admission._granted)
        monkeypatch.setattr(lab.machines._starts, "_serving", serving)
        with pytest.raises(Unavailable, match="host_saturated"):
            await lab.machines.start(lab.bob.user_id, driver=None)
        go_on.set()
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_one_user_does_not_take_every_machine(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines_per_user": 1}) as lab:
        await lab.machines.start(lab.ann.user_id, driver=None)
        with pytest.raises(Unavailable, match="host_saturated") as refused:
            await lab.machines.start(lab.ann.user_id, driver=None)
        assert "raise max_machines_per_user." in refused.value.remedy
        await lab.machines.start(lab.bob.user_id, driver=None)


async def test_a_host_without_memory_refuses_who_cannot_wait_and_serves_who_can_later(lab: Lab) -> None:
    plenty = lab.host.room
    lab.host.room = dataclasses.replace(plenty, available_mib=599)
    with pytest.raises(Unavailable, match="host_saturated") as refused:
        await lab.machines.start(lab.ann.user_id, driver=None)
    assert refused.value.cause == (
        "The host has 599 MiB of memory available; a machine needs 100 MiB, and 500 MiB stay free."
    )
    record = await lab.connect()
    assert (await _waiting(lab, record)).lack.kind is LackKind.MEMORY
    lab.host.room = plenty
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_starting_machines_are_promised_memory_until_they_have_confirmed(lab: Lab) -> None:
    lab.host.room = dataclasses.replace(lab.host.room, available_mib=700)
    lab.driver.gate = asyncio.Event()
    first = await lab.connect()
    await lab.driver.starting.wait()
    second, third = await lab.connect(lab.bob), await lab.connect(provider="codex")
    place = await _waiting(lab, third)
    assert lab.sign_ins.place(second.session_id) is None, "two of them fit"
    assert place.lack.cause == (
        "The host has 700 MiB of memory available, 200 MiB of it promised to 2 machines that start;"
        " a machine needs 100 MiB, and 500 MiB stay free."
    )
    lab.driver.gate.set()
    for record in (first, second, third):
        await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_only_a_few_start_at_a_time(new_lab: Any) -> None:
    async with new_lab(limits={"max_starts": 1}) as lab:
        lab.driver.gate = asyncio.Event()
        records = [await lab.connect(), await lab.connect(lab.bob)]
        assert (await _waiting(lab, records[1])).lack.kind is LackKind.STARTS
        lab.driver.gate.set()
        for record in records:
            await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_a_busy_processor_lets_one_after_the_other_in_and_refuses_nobody(lab: Lab) -> None:
    lab.host.room = dataclasses.replace(lab.host.room, cpu_pressure=99.0)
    lab.driver.gate = asyncio.Event()
    first, second = await lab.connect(), await lab.connect(lab.bob)
    assert (await _waiting(lab, second)).lack.kind is LackKind.CPU_PRESSURE
    assert lab.sign_ins.place(first.session_id) is None
    lab.driver.gate.set()
    await lab.reach(second.session_id, S.AWAITING_USER_AUTH)
    await lab.machines.start(lab.ann.user_id, driver=None)


async def test_rows_that_cannot_be_read_for_a_moment_lose_nobody(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, failed = lab.machines.admission._live, asyncio.Event()

    async def locked_once() -> Sequence[Any]:
        if not failed.is_set():
            failed.set()
            raise Unavailable("the database is locked", remedy="Wait.", code="database_locked")
        return await live()

    monkeypatch.setattr(lab.machines.admission, "_live", locked_once)
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert failed.is_set()


# -- the next controller ------------------------------------------------------------------------------------


async def _successor(lab: Lab) -> None:
    """What a controller does first: what is left of the one before goes on."""
    assert await lab.sign_ins.recover() == 0
    await lab.machines.restarts.reconcile()


async def test_who_waits_goes_on_waiting_with_the_next_controller(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        first = await lab.connect()
        await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        await _waiting(lab, second)
        await lab.sign_ins.leave()
        assert lab.machines.admission._waits == {}
        _forget_machines(lab)
        await _successor(lab)
        assert await lab.sign_ins.begin_anew() == 1
        await _waiting(lab, second)
        await _end(lab, first)
        begun = await lab.reach(second.session_id, S.AWAITING_USER_AUTH)
        assert begun.vnc_url == f"http://lab.test/{second.session_id}"


def _forget_machines(lab: Lab) -> None:
    """What a controller that is gone had in memory."""
    for live in lab.machines._live.values():
        live.hold.release()
    lab.machines._live.clear()
    for listener in lab.egress.open_for.values():
        listener.close()
    lab.egress.open_for.clear()


async def test_a_controller_that_stops_fails_nobody_who_waits(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1}) as lab:
        first = await lab.connect()
        await lab.reach(first.session_id, S.AWAITING_USER_AUTH)
        second = await lab.connect(lab.bob)
        await _waiting(lab, second)
        await lab.sign_ins.stop()
        assert (await lab.sessions.get(first.session_id)).error_code == "controller_restarted"
        assert (await lab.sessions.get(second.session_id)).status is S.STARTED
        await _successor(lab)
        assert await lab.sign_ins.begin_anew() == 1
        await lab.reach(second.session_id, S.AWAITING_USER_AUTH)


async def test_what_was_waited_before_counts_and_who_waited_too_long_is_failed(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 1, "timeout_s": 30}) as lab:
        await lab.machines.start(lab.ann.user_id, driver=None)
        early = await lab.connect()
        lab.clock.move(20)
        late = await lab.connect(lab.bob)
        await _waiting(lab, late)
        await lab.sign_ins.leave()
        lab.clock.move(15)
        assert await lab.sign_ins.recover() == 1
        gone = await lab.sessions.get(early.session_id)
        assert (gone.status, gone.error_code) == (S.FAILED, "controller_restarted")
        assert await lab.sign_ins.begin_anew() == 1
        await _waiting(lab, late)
        lab.host.moment += 14
        await asyncio.sleep(0.1)
        assert lab.sign_ins.place(late.session_id) is not None
        lab.host.moment += 1
        assert (await lab.ended(late.session_id)).error_code == "host_saturated"


async def test_many_at_once_are_all_served_or_told(new_lab: Any) -> None:
    async with new_lab(limits={"max_machines": 2, "max_waiting": 3}) as lab:
        names = sorted(lab.sign_ins.providers)[:10]
        results = await gathered(*(lab.connect(provider=name) for name in names))
        accepted = [one for one in results if isinstance(one, SessionRecord)]
        refused = [one for one in results if isinstance(one, Unavailable)]
        assert len(accepted) + len(refused) == 10
        assert {error.failure_code for error in refused} == {"host_saturated"}
        assert 3 <= len(accepted) <= 5
        stored = {record.session_id for record in await lab.sign_ins.list(lab.ann)}
        assert stored == {SessionId(one.session_id) for one in accepted}
        for one in accepted:
            await _end(lab, one)
        await lab.nothing_left()
