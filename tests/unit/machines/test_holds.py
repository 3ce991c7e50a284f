"""A machine keeps its golden from being collected for as long as it lives, and tells when it has ended."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from golden_doubles import GOLDEN, NEXT
from lab import Lab, open_lab
from waiting import until

from vestibule.core.errors import Absent, GoldenFailed, MachineFailed
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Exit, MachineStatus
from vestibule.drivers.db.machines import DbMachines

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as opened:
        yield opened


@pytest.fixture
def ends(lab: Lab) -> list[str]:
    """A line for every end that was told."""
    told: list[str] = []
    lab.machines.tell_ends(lambda: told.append("ended"))
    return told


async def test_a_machine_holds_the_golden_that_it_was_started_from(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    assert lab.goldens.held == [GOLDEN]
    lab.goldens.add(NEXT)
    lab.works.prepared.add((NEXT, DriverName.FAKE))
    lab.context.promotions.promote(NEXT, why="its canary passed")
    await lab.machines.start(lab.ann.user_id, driver=None)
    assert lab.goldens.held == [GOLDEN, NEXT]
    await lab.machines.destroy(live.record.vm_id)
    assert lab.goldens.held == [NEXT]


async def test_a_machine_that_does_not_start_holds_nothing(lab: Lab, ends: list[str]) -> None:
    lab.driver.refuse(MachineFailed("bwrap ended at once", remedy="Look.", code="machine_exited"))
    with pytest.raises(MachineFailed):
        await lab.machines.start(lab.ann.user_id, driver=None)
    assert lab.goldens.held == []
    assert ends == ["ended"]


async def test_a_start_that_is_given_up_holds_nothing(lab: Lab) -> None:
    lab.driver.gate = asyncio.Event()
    task = asyncio.create_task(lab.machines.start(lab.ann.user_id, driver=None))
    await lab.driver.starting.wait()
    assert lab.goldens.held == [GOLDEN]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert lab.goldens.held == []
    await lab.nothing_left()


class Slow:
    """Blocking work of the store, which goes on once it is let."""

    def __init__(self, work: Callable[[GoldenId], Any]) -> None:
        self._work = work
        self.began, self.let = threading.Event(), threading.Event()

    def __call__(self, golden_id: GoldenId) -> Any:
        self.began.set()
        assert self.let.wait(10), "nobody let it: it blocks the event loop"
        return self._work(golden_id)


@pytest.mark.parametrize("name", ["hold", "usable"])
async def test_a_start_that_is_given_up_while_the_store_is_slow_holds_nothing(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    slow = Slow(getattr(lab.goldens, name))

    async def serving(_driver: DriverName) -> GoldenId:
        return GOLDEN

    monkeypatch.setattr(lab.machines._starts, "_serving", serving)
    monkeypatch.setattr(lab.goldens, name, slow)
    task = asyncio.create_task(lab.machines.start(lab.ann.user_id, driver=None))
    assert await asyncio.to_thread(slow.began.wait, 10)
    task.cancel()
    slow.let.set()
    await asyncio.wait({task})
    assert task.cancelled()
    assert [hold.golden_id for hold in lab.goldens.holds[1:]] == [GOLDEN], "its promotion's was the first"
    assert lab.goldens.held == []
    await lab.nothing_left()


async def test_a_golden_that_may_not_be_served_is_not_held_and_no_row_is_made(lab: Lab) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed("it is damaged", remedy="Verify.", code="golden_corrupt")
    with pytest.raises(GoldenFailed):
        await lab.machines.start(lab.ann.user_id, driver=None)
    assert lab.goldens.held == []
    assert await DbMachines(lab.database).of_user(lab.ann.user_id) == []


async def test_a_golden_that_needs_more_memory_than_machines_have_is_named_and_nothing_is_left(
    lab: Lab,
) -> None:
    lab.goldens.stored[GOLDEN] = dataclasses.replace(lab.goldens.stored[GOLDEN], min_mem_mib=1025)
    with pytest.raises(GoldenFailed, match="needs 1025 MiB of memory, not 1024") as refused:
        await lab.machines.start(lab.ann.user_id, driver=None)
    assert refused.value.failure_code == "memory_too_small"
    assert await DbMachines(lab.database).of_user(lab.ann.user_id) == []
    await lab.nothing_left()


async def test_a_golden_that_is_collected_at_the_last_moment_is_absent_and_nothing_is_left(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_driver: DriverName) -> GoldenId:
        return NEXT

    monkeypatch.setattr(lab.machines._starts, "_serving", gone)
    with pytest.raises(Absent):
        await lab.machines.start(lab.ann.user_id, driver=DriverName.FAKE)
    await lab.nothing_left()


async def test_an_end_is_told_once_the_row_says_so(lab: Lab, ends: list[str]) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    rows = DbMachines(lab.database)
    assert ends == []
    await lab.machines.destroy(live.record.vm_id)
    assert ends == ["ended"]
    assert (await rows.get(live.record.vm_id)).status is MachineStatus.DESTROYED


async def test_a_machine_that_ends_by_itself_is_told_as_failed(lab: Lab, ends: list[str]) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    lab.machine().end(Exit(code=1, signal=None))
    await until(lambda: ends)
    record = await DbMachines(lab.database).get(live.record.vm_id)
    assert (record.status, record.error_code) == (MachineStatus.FAILED, "machine_exited")


async def test_a_machine_that_a_host_without_memory_ended_says_so(lab: Lab, ends: list[str]) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    lab.host.runs_out_of_memory()
    lab.machine().end(Exit(code=None, signal=9))
    await until(lambda: ends)
    record = await DbMachines(lab.database).get(live.record.vm_id)
    assert (record.status, record.error_code) == (MachineStatus.FAILED, "host_out_of_memory")
    assert record.error_cause == (
        "The machine ended by itself (signal 9), while the host was short of memory and killed 1 processes."
    )


async def test_what_the_host_lacked_before_a_machine_was_begun_excuses_nothing(
    lab: Lab, ends: list[str]
) -> None:
    lab.host.runs_out_of_memory()
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    lab.machine().end(Exit(code=None, signal=9))
    await until(lambda: ends)
    record = await DbMachines(lab.database).get(live.record.vm_id)
    assert record.error_code == "machine_exited"


async def test_every_machine_has_drawn_random_bytes_of_its_own(lab: Lab) -> None:
    samples = {(await lab.machines.start(lab.ann.user_id, driver=None)).random_sample for _ in range(3)}
    assert len(samples) == 3
    assert all(samples)
