"""The warm pool: nobody waits for a machine that is there, two people never get one, nobody is worse off."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from golden_doubles import GOLDEN, NEXT
from lab import Lab
from waiting import until

from vestibule.core.errors import GoldenFailed, MachineFailed, Unavailable
from vestibule.core.machines import DriverName, Exit, MachineStatus, Warmth
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import SessionStatus as S
from vestibule.drivers.db.machines import DbMachines
from vestibule.services import warm_pool
from vestibule.services.room_gauges import room_gauges
from vestibule.services.warm_starts import Claim

from .test_going_on import _die

pytestmark = pytest.mark.anyio
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
SIZE = 2


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_pool, "SETTLE_S", 0)
    monkeypatch.setattr(warm_pool, "CALM_S", 0)
    monkeypatch.setattr(warm_pool, "LOOK_S", 0.02)


@contextlib.asynccontextmanager
async def running(lab: Lab) -> AsyncIterator[Counter[Claim]]:
    """The pool is kept filled; what became of each claim."""
    claims: Counter[Claim] = Counter()
    lab.machines.warm_starts.on_claim = lambda claim: claims.update([claim])
    task = asyncio.create_task(lab.machines.warm_pool.run(lab.context.accounts.operator_id))
    try:
        yield claims
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _filled(lab: Lab) -> None:
    await until(lambda: lab.machines.warm_pool.ready == SIZE)


@pytest.fixture
async def lab(new_lab: OpenLab) -> AsyncIterator[Lab]:
    async with new_lab(limits={"warm_machines": SIZE}) as opened:
        yield opened


@pytest.fixture
async def claims(lab: Lab) -> AsyncIterator[Counter[Claim]]:
    """Of a pool that is full."""
    async with running(lab) as counted:
        await _filled(lab)
        yield counted


async def _ready(lab: Lab) -> SessionRecord:
    record = await lab.connect()
    return await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_its_machines_stand_still_and_are_nobody_s(lab: Lab, claims: Counter[Claim]) -> None:
    rows = await DbMachines(lab.database).live()
    assert [(row.warmth, row.status, row.session_id) for row in rows] == [
        (Warmth.WARM, MachineStatus.CREATING, None)
    ] * SIZE
    assert [machine.paused for machine in lab.driver.machines.values()] == [True] * SIZE
    assert [machine.agent._token for machine in lab.driver.machines.values()] == [None] * SIZE
    assert [sample.value for sample in await room_gauges(lab.machines)] == [0, SIZE, SIZE]
    assert claims == Counter()


async def test_a_sign_in_gets_one_with_an_identity_of_this_moment(lab: Lab, claims: Counter[Claim]) -> None:
    warm = dict(lab.driver.machines)
    lab.clock.move(3600)
    lab.driver.gate = asyncio.Event()  # no other is started from now on
    record = await _ready(lab)
    assert record.vm_id in warm
    machine = warm[record.vm_id]
    row = await DbMachines(lab.database).get(record.vm_id)
    assert (row.user_id, row.session_id, row.warmth) == (lab.ann.user_id, record.session_id, None)
    assert row.claimed_at == lab.clock.now()
    live = lab.machines.live(record.vm_id)
    assert machine.agent._token == live.token
    assert (machine.paused, live.random_sample != "") == (False, True)
    names = [step.name for step in await lab.timeline.of(record.session_id)]
    assert names[:3] == ["queue", "take", "confirm"]
    assert claims == Counter({Claim.HIT: 1})


@pytest.mark.usefixtures("claims")
async def test_who_has_claimed_one_has_the_processor_for_a_while(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_pool, "CALM_S", 3600)
    await _ready(lab)
    assert await lab.machines.warm_pool._is_spare() is False
    assert len(lab.driver.machines) == SIZE


@pytest.mark.usefixtures("claims")
async def test_it_is_filled_again(lab: Lab) -> None:
    await _ready(lab)
    await until(lambda: len(lab.driver.machines) == SIZE + 1)
    await _filled(lab)


async def test_of_many_at_once_each_gets_a_machine_of_their_own(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": SIZE, "max_machines": 20}) as lab, running(lab) as claims:
        await _filled(lab)
        users = [await lab.context.accounts.add_user(f"user-{number}") for number in range(6)]
        records = await asyncio.gather(*(lab.connect(user) for user in users))
        reached = await asyncio.gather(
            *(lab.reach(record.session_id, S.AWAITING_USER_AUTH) for record in records)
        )
        rows = {row.vm_id: row.user_id for row in await DbMachines(lab.database).live()}
        owners = [rows[record.vm_id] for record in reached if record.vm_id is not None]
        assert owners == [user.user_id for user in users]
        assert len({record.vm_id for record in reached}) == claims.total() == len(users)
        assert claims[Claim.HIT] >= SIZE


async def test_one_that_does_not_wake_up_hurts_nobody(lab: Lab, claims: Counter[Claim]) -> None:
    warm = set(lab.driver.machines)
    for machine in lab.driver.machines.values():
        control: Any = machine.control
        control._script = dataclasses.replace(control._script, silent=True)
    record = await _ready(lab)
    assert record.vm_id not in warm
    rows = [await DbMachines(lab.database).get(vm_id) for vm_id in warm]
    assert (MachineStatus.FAILED, "no_identity_ack") in {(row.status, row.error_code) for row in rows}
    assert claims == Counter({Claim.FAILED: 1})


@pytest.mark.usefixtures("claims")
async def test_one_that_ends_by_itself_is_recorded_and_replaced(lab: Lab) -> None:
    first = next(iter(lab.driver.machines))
    lab.driver.machines[first].end(Exit(code=1, signal=None))
    await until(lambda: len(lab.driver.machines) == SIZE + 1)
    await _filled(lab)
    row = await DbMachines(lab.database).get(first)
    assert (row.status, row.error_code) == (MachineStatus.FAILED, "machine_exited")


async def test_what_cannot_be_warmed_keeps_no_sign_in_waiting(lab: Lab, log: list[Any]) -> None:
    error = MachineFailed("It is broken.", remedy="Mend it.", code="machine_not_started")
    lab.driver.refuse(error)
    async with running(lab) as counted:
        await until(lambda: any(line["event"] == "No machine could be warmed" for line in log))
        lab.driver._start_error = None
        await _ready(lab)
    assert counted == Counter({Claim.MISS: 1})


@pytest.mark.usefixtures("claims")
async def test_machines_of_another_golden_are_replaced(lab: Lab) -> None:
    old = set(lab.driver.machines)
    lab.goldens.add(NEXT)
    lab.works.prepared.add((NEXT, DriverName.FAKE))
    lab.context.promotions.promote(NEXT, why="a test does")
    record = await _ready(lab)  # before the pool has looked, or after: never from what is left
    assert record.golden_id == NEXT
    await until(lambda: not old & lab.machines.held)
    rows = [await DbMachines(lab.database).get(vm_id) for vm_id in old]
    assert {(row.status, row.golden_id) for row in rows} == {(MachineStatus.DESTROYED, GOLDEN)}


async def test_they_take_nobody_s_room(new_lab: OpenLab) -> None:
    limits = {"warm_machines": SIZE, "max_machines": SIZE, "max_machines_per_user": 1}
    async with new_lab(limits=limits) as lab, running(lab):
        await _filled(lab)
        first, second = await _ready(lab), await lab.connect(lab.bob)
        second = await lab.reach(second.session_id, S.AWAITING_USER_AUTH)
        assert {first.vm_id, second.vm_id} == set(lab.driver.machines)
        assert lab.machines.warm_pool.ready == 0


async def test_without_the_setting_there_is_none(new_lab: OpenLab) -> None:
    async with new_lab() as lab, running(lab) as counted:
        await _ready(lab)
        assert (len(lab.driver.machines), counted) == (1, Counter())


@pytest.mark.usefixtures("claims")
async def test_one_that_was_claimed_and_not_taken_is_ended(lab: Lab) -> None:
    rows = DbMachines(lab.database)
    taken = await rows.claim_warm(
        GOLDEN, DriverName.FAKE, user_id=lab.bob.user_id, session_id=None, at=lab.clock.now()
    )
    assert taken is not None
    await until(lambda: lab.driver.machines[taken.vm_id].ended)


async def test_they_end_with_their_controller(new_lab: OpenLab) -> None:
    async with new_lab(limits={"warm_machines": SIZE}) as lab:
        async with running(lab):
            await _filled(lab)
        await lab.machines.destroy_all()
        await lab.nothing_left()


@pytest.mark.usefixtures("claims")
async def test_the_next_controller_ends_what_one_that_is_gone_had_warmed(lab: Lab) -> None:
    left = list(lab.driver.machines)
    lab.machines.warm_pool._size = 0
    await _die(lab)
    assert await lab.machines.restarts.adopt_unused() == 0
    assert {row.vm_id for row in await lab.machines.restarts.reconcile()} >= set(left)
    rows = [await DbMachines(lab.database).get(vm_id) for vm_id in left]
    assert {(row.status, row.error_code) for row in rows} == {(MachineStatus.DESTROYED, None)}


async def test_its_way_begins_anew_when_it_is_claimed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its life, its steps, and what the host lacked while it stood still."""
    lived: list[float] = []
    async with running(lab):
        await _filled(lab)
    lab.clock.move(7200)
    lab.host.runs_out_of_memory()
    monkeypatch.setattr(lab.machines.lifetimes, "watch", lambda _vm_id, **how: lived.append(how["lived_s"]))
    live = await lab.machines.start(lab.bob.user_id, driver=None)
    assert lived == [0]
    assert lab.machines._records.began(live.record.vm_id) == lab.host.pressure
    await lab.machines.destroy(live.record.vm_id)
    *_, way = [span for span in lab.spans if span.name == "machine"]
    assert way.started_at == lab.clock.now()
    assert way.facts["golden_id"] == GOLDEN


async def test_failures_for_days_end_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_pool, "LONGEST_REST_S", 0)
    lab.machines.warm_pool._failures = 5000
    await lab.machines.warm_pool._rest()


async def test_a_look_that_ended_well_ends_a_row_of_failures(lab: Lab) -> None:
    lab.host.room = dataclasses.replace(lab.host.room, available_mib=0)  # nothing is to be warmed
    lab.machines.warm_pool._failures = 1
    async with running(lab):
        await until(lambda: lab.machines.warm_pool._failures == 0)


@pytest.mark.parametrize(
    ("part", "error"),
    [
        ("_serving", GoldenFailed("There is none.", remedy="Wait.", code="golden_absent")),
        ("_starts.start_warming", Unavailable("Others come first.", remedy="Wait.", code="host_saturated")),
    ],
)
async def test_what_is_to_be_waited_for_is_no_failure(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    asked: list[None] = []

    async def refused(*_given: object) -> None:
        asked.append(None)
        raise error

    pool = lab.machines.warm_pool
    *path, name = part.split(".")
    monkeypatch.setattr(pool._starts if path else pool, name, refused)
    async with running(lab):
        await until(lambda: len(asked) > 2)
    assert pool._failures == 0


@pytest.mark.usefixtures("claims")
async def test_what_is_of_no_use_is_ended_while_another_is_warmed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_pool, "SETTLE_S", 3600)
    await lab.machines.start(lab.bob.user_id, driver=None)
    await until(lambda: len(lab.driver.machines) == SIZE + 1)
    (left,) = lab.machines.warm_pool._warm
    lab.goldens.add(NEXT)
    lab.works.prepared.add((NEXT, DriverName.FAKE))
    lab.context.promotions.promote(NEXT, why="a test does")
    await until(lambda: lab.driver.machines[left].ended)


async def test_a_claim_that_is_cancelled_leaves_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(lab):
        await _filled(lab)
    pool, written = lab.machines.warm_pool, asyncio.Event()
    claim_warm = pool._rows.claim_warm

    async def held(*given: Any, **whose: Any) -> Any:
        row = await claim_warm(*given, **whose)
        written.set()
        await asyncio.Event().wait()
        return row

    monkeypatch.setattr(pool._rows, "claim_warm", held)
    claim = asyncio.create_task(pool.claim(lab.bob.user_id, None, DriverName.FAKE))
    await written.wait()
    claim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claim
    (row,) = await DbMachines(lab.database).of_user(lab.bob.user_id)
    assert (row.status, lab.driver.machines[row.vm_id].ended) == (MachineStatus.DESTROYED, True)
    assert pool.ready == SIZE - 1


async def test_its_exit_tells_more_than_what_becomes_of_the_wait_for_its_desktop(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_pool, "SETTLE_S", 3600)

    async def broken() -> None:
        raise ConnectionResetError

    live = await lab.machines.create(lab.bob.user_id, session_id=None, driver=None, allow=())
    monkeypatch.setattr(live.machine, "warm", broken)
    waited = asyncio.create_task(warm_pool._in_time(live))
    lab.machine().end(Exit(code=1, signal=None))
    with pytest.raises(MachineFailed, match="machine_exited"):
        await waited
