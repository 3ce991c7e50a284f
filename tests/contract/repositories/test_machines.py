"""What any implementation of Machines promises."""

from __future__ import annotations

import asyncio

import pytest

from vestibule.core.errors import Absent, Conflict
from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import LIVE, MACHINE_TRANSITIONS, DriverName, MachineStatus, Warmth

from .conftest import Store, at

pytestmark = pytest.mark.anyio
M = MachineStatus

PATHS: dict[MachineStatus, list[MachineStatus]] = {
    M.CREATING: [],
    M.RUNNING: [M.RUNNING],
    M.STOPPING: [M.STOPPING],
    M.DESTROYED: [M.STOPPING, M.DESTROYED],
    M.FAILED: [M.FAILED],
}
"""How to bring a fresh machine to each state."""


async def test_a_machine_reads_back_as_it_was_written(store: Store) -> None:
    machine = await store.machine(7, await store.user("ann"))
    assert await store.machines.get(machine.vm_id) == machine


async def test_a_machine_that_is_not_there_is_absent(store: Store) -> None:
    for missing in (store.machines.get(VmId("vm-0")), store.machines.update(VmId("vm-0"), pid=1)):
        with pytest.raises(Absent):
            await missing
    with pytest.raises(Absent):
        await store.machines.advance(VmId("vm-0"), to=M.RUNNING)


@pytest.mark.parametrize("status", sorted(LIVE))
async def test_a_live_machine_holds_its_address(store: Store, status: MachineStatus) -> None:
    ann = await store.user("ann")
    machine = await store.machine(7, ann)
    for to in PATHS[status]:
        await store.machines.advance(machine.vm_id, to=to)
    with pytest.raises(Conflict) as refused:
        await store.machine(8, ann, address=machine.vm_ip)
    assert refused.value.failure_code == "address_taken"
    assert refused.value.evidence == {"vm_id": "vm-7"}


@pytest.mark.parametrize("status", sorted(set(M) - LIVE))
async def test_a_machine_that_has_ended_gives_its_address_back(store: Store, status: MachineStatus) -> None:
    ann = await store.user("ann")
    machine = await store.machine(7, ann)
    for to in PATHS[status]:
        await store.machines.advance(machine.vm_id, to=to)
    again = await store.machine(8, ann, address=machine.vm_ip)
    assert await store.machines.live() == [again]


async def test_of_many_who_want_one_address_one_gets_it(store: Store) -> None:
    ann = await store.user("ann")
    wanted = (store.machine(n, ann, address="192.168.100.9") for n in range(6))
    results = await asyncio.gather(*wanted, return_exceptions=True)
    assert sum(isinstance(result, Conflict) for result in results) == 5


@pytest.mark.parametrize("to", list(M))
@pytest.mark.parametrize("status", list(M))
async def test_only_the_transition_table_moves_a_machine(
    store: Store, status: MachineStatus, to: MachineStatus
) -> None:
    machine = await store.machine(7, await store.user("ann"))
    for step in PATHS[status]:
        await store.machines.advance(machine.vm_id, to=step)
    if to in MACHINE_TRANSITIONS[status]:
        assert (await store.machines.advance(machine.vm_id, to=to, ended_at=at(3))).ended_at == at(3)
    else:
        with pytest.raises(Conflict):
            await store.machines.advance(machine.vm_id, to=to, ended_at=at(3))
        assert (await store.machines.get(machine.vm_id)).status is status


async def test_update_changes_columns_but_never_the_state(store: Store) -> None:
    machine = await store.machine(7, await store.user("ann"))
    changed = await store.machines.update(machine.vm_id, agent_build="b" * 64)
    assert (changed.agent_build, changed.status) == ("b" * 64, M.CREATING)
    with pytest.raises(TypeError, match="status"):
        await store.machines.update(machine.vm_id, status=M.RUNNING)
    with pytest.raises(TypeError, match="colour"):
        await store.machines.advance(machine.vm_id, to=M.RUNNING, colour="red")


async def test_a_users_machines_come_newest_first_and_are_only_theirs(store: Store) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    for number in (1, 2, 3):
        await store.machine(number, ann)
    await store.machine(4, bob)
    assert [m.vm_id for m in await store.machines.of_user(ann.user_id)] == ["vm-3", "vm-2", "vm-1"]
    assert [m.vm_id for m in await store.machines.of_user(ann.user_id, limit=2)] == ["vm-3", "vm-2"]
    assert [m.vm_id for m in await store.machines.live()] == ["vm-1", "vm-2", "vm-3", "vm-4"]


# -- what a golden's machines tell -----------------------------------------------------------------------


async def ended(store: Store, number: int, begun: float, over: float, golden: str = "g-1") -> VmId:
    """A machine begun and ended at these seconds."""
    ann = await store.someone()
    machine = await store.machine(number, ann, created_at=at(begun), golden_id=GoldenId(golden))
    await store.machines.advance(machine.vm_id, to=M.FAILED, ended_at=at(over))
    return machine.vm_id


async def ended_of(store: Store, golden: str = "g-1", since: float = 0, limit: int = 10) -> list[str]:
    found = await store.machines.ended_of(GoldenId(golden), since=at(since), limit=limit)
    return [machine.vm_id for machine in found]


async def test_a_golden_s_ended_machines_come_in_the_order_of_their_ends(store: Store) -> None:
    await ended(store, 1, begun=1, over=30)
    await ended(store, 2, begun=2, over=10)
    await ended(store, 3, begun=3, over=20)
    assert await ended_of(store) == ["vm-2", "vm-3", "vm-1"]


async def test_of_more_than_the_limit_the_newest_ends_are_told(store: Store) -> None:
    for number in (1, 2, 3, 4):
        await ended(store, number, begun=number, over=10 + number)
    assert await ended_of(store, limit=2) == ["vm-3", "vm-4"]


async def test_machines_that_were_begun_before_are_not_told_of_however_late_they_ended(store: Store) -> None:
    await ended(store, 1, begun=1, over=30)
    await ended(store, 2, begun=5, over=10)
    assert await ended_of(store, since=5) == ["vm-2"]


async def test_machines_of_other_goldens_are_not_told_of(store: Store) -> None:
    await ended(store, 1, begun=1, over=2)
    await ended(store, 2, begun=1, over=2, golden="g-2")
    assert await ended_of(store) == ["vm-1"]
    assert await ended_of(store, "g-2") == ["vm-2"]
    assert await ended_of(store, "g-3") == []


async def test_a_machine_that_lives_is_not_told_of(store: Store) -> None:
    ann = await store.someone()
    for number, path in ((1, PATHS[M.CREATING]), (2, PATHS[M.RUNNING]), (3, PATHS[M.STOPPING])):
        machine = await store.machine(number, ann)
        for to in path:
            await store.machines.advance(machine.vm_id, to=to)
    assert await ended_of(store) == []


async def _warm(store: Store, number: int, golden_id: str = "g-1") -> VmId:
    machine = await store.machine(number, await store.user(f"owner-{number}"), golden_id=GoldenId(golden_id))
    await store.machines.update(machine.vm_id, warmth=Warmth.WARM)
    return machine.vm_id


@pytest.mark.parametrize(("warm", "wanted"), [(4, 10), (7, 7), (5, 2), (0, 3)])
async def test_of_many_who_claim_at_once_no_two_get_one_machine(store: Store, warm: int, wanted: int) -> None:
    there = [await _warm(store, number) for number in range(1, warm + 1)]
    users = [await store.user(f"user-{number}") for number in range(wanted)]
    claims = await asyncio.gather(
        *(
            store.machines.claim_warm(
                GoldenId("g-1"), DriverName.CONTAINER, user_id=user.user_id, session_id=None, at=at(60)
            )
            for user in users
        )
    )
    got = [row for row in claims if row is not None]
    assert sorted(row.vm_id for row in got) == there[: min(warm, wanted)]
    assert len({row.user_id for row in got}) == len(got)
    assert {(row.warmth, row.claimed_at) for row in got} <= {(None, at(60))}


async def test_only_a_machine_that_is_warm_and_of_that_golden_is_claimed(store: Store) -> None:
    ann = await store.user("ann")
    await store.machine(1, ann)
    await _warm(store, 2, "g-2")
    ended = await _warm(store, 3)
    await store.machines.advance(ended, to=M.FAILED)
    warming = await store.machine(4, ann)
    await store.machines.update(warming.vm_id, warmth=Warmth.WARMING)
    for driver in (DriverName.CONTAINER, DriverName.QEMU):
        claimed = await store.machines.claim_warm(
            GoldenId("g-1"), driver, user_id=ann.user_id, session_id=None, at=at(60)
        )
        assert claimed is None
