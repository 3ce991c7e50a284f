"""What should not be there, or should and is not, is found in two looks and mended."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from lab import Lab
from waiting import until

from vestibule.core.errors import Unavailable
from vestibule.core.ids import VmId
from vestibule.core.machines import MachineStatus
from vestibule.core.reconciliation import Differences, Look, differences
from vestibule.core.sessions import SessionStatus as S
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.run_folders import CONSOLE, DiskRunFolders
from vestibule.services.ports import Network
from vestibule.services.reconciler import Reconciler

pytestmark = pytest.mark.anyio

EVERY_S = 0.01


class _Host:
    """Which processes there are, and which machines the broker has that nobody asked for."""

    def __init__(self) -> None:
        self.dead: set[int] = set()
        self.orphans: list[VmId] = []

    def is_running(self, pid: int, _started: int) -> bool:
        return pid not in self.dead

    async def end_orphans(self) -> Sequence[VmId]:
        ended, self.orphans = self.orphans, []
        return ended


@pytest.fixture
def host() -> _Host:
    return _Host()


@pytest.fixture
def reconciler(lab: Lab, host: _Host) -> Reconciler:
    return Reconciler(
        every_s=EVERY_S,
        machines=lab.machines,
        sign_ins=lab.sign_ins,
        rows=DbMachines(lab.database),
        sessions=DbSessions(lab.database),
        network=cast("Network", host),
        folders=DiskRunFolders(run_dir=lab.folder / "run", evidence_dir=lab.folder / "evidence", owner=None),
        is_running=host.is_running,
    )


def _look(**found: set[str]) -> Look:
    return Look(**{name: frozenset() for name in Look.__annotations__} | found)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("look", "found"),
    [
        (_look(rows={"a"}, held={"a"}), Differences()),
        (_look(rows={"a"}), Differences(unheld={VmId("a")})),
        (_look(held={"a"}, gone={"a"}), Differences(exited={VmId("a")})),
        (_look(gone={"a"}), Differences()),
        (_look(folders={"a"}), Differences(leftovers={VmId("a")})),
        (_look(folders={"a"}, held={"a"}), Differences()),
        (_look(open={"s"}, carried={"s"}), Differences()),
    ],
)
def test_what_differs(look: Look, found: Differences) -> None:
    assert differences(look) == found


async def test_a_sign_in_under_way_is_left_alone(lab: Lab, reconciler: Reconciler) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    assert [await reconciler.look() for _ in range(3)] == [Differences()] * 3


async def test_a_machine_that_is_being_started_is_left_alone(lab: Lab, reconciler: Reconciler) -> None:
    lab.driver.gate = asyncio.Event()
    record = await lab.connect()
    await lab.driver.starting.wait()
    assert [await reconciler.look() for _ in range(3)] == [Differences()] * 3
    lab.driver.gate.set()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)


async def test_a_sign_in_that_nothing_carries_on_fails_with_that_reason(
    lab: Lab, reconciler: Reconciler
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.sign_ins.leave()
    assert await reconciler.look() == Differences()
    assert (await reconciler.look()).stranded == {record.session_id}
    ended = await lab.sessions.get(record.session_id)
    assert (ended.status, ended.error_code, ended.error_stage) == (
        S.FAILED,
        "session_lost",
        S.AWAITING_USER_AUTH,
    )


async def test_a_row_without_a_machine_is_closed_and_its_folder_archived(
    lab: Lab, reconciler: Reconciler
) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    vm_id = live.record.vm_id
    await lab.machines.lifetimes.close()
    live.hold.release()
    del lab.machines._live[vm_id]
    lab.egress.open_for.pop(vm_id).close()
    await reconciler.look()
    assert (await reconciler.look()).unheld == {vm_id}
    row = await DbMachines(lab.database).get(vm_id)
    assert (row.status, row.error_code) == (MachineStatus.FAILED, "machine_lost")
    assert (lab.folder / "state/evidence" / vm_id / CONSOLE).is_file()
    await lab.nothing_left()


async def test_a_process_that_went_without_a_word_fails_its_sign_in(
    lab: Lab, reconciler: Reconciler, host: _Host
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    host.dead.add(lab.machine().pid)
    await reconciler.look()
    await reconciler.look()
    ended = await lab.reach(record.session_id, S.FAILED)
    assert ended.error_code == "machine_lost"
    await lab.ended(record.session_id)
    await lab.nothing_left()


async def test_a_process_that_went_without_a_word_ends_its_machine(
    lab: Lab, reconciler: Reconciler, host: _Host
) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    host.dead.add(live.machine.pid)
    await reconciler.look()
    assert (await reconciler.look()).exited == {live.record.vm_id}
    assert (await DbMachines(lab.database).get(live.record.vm_id)).error_code == "machine_lost"
    await lab.nothing_left()


async def test_a_folder_of_a_machine_that_has_ended_is_archived(lab: Lab, reconciler: Reconciler) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    vm_id = live.record.vm_id
    await lab.machines.destroy(vm_id)
    left, anothers = (lab.folder / "run/machines" / name for name in (vm_id, "vm-of-a-bench"))
    for folder in (left, anothers):
        folder.mkdir()
        (folder / CONSOLE).write_text("left behind")
    await reconciler.look()
    assert (await reconciler.look()).leftovers == {vm_id}
    assert (left.exists(), anothers.exists()) == (False, True)
    assert (lab.folder / "evidence" / vm_id / CONSOLE).read_text() == "left behind"


async def test_a_look_that_fails_is_made_again(
    reconciler: Reconciler, host: _Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, look = list[bool](), reconciler.look

    async def fails_once() -> Differences:
        looked.append(True)
        if len(looked) == 1:
            raise Unavailable("the database is locked", remedy="wait")
        return await look()

    monkeypatch.setattr(reconciler, "look", fails_once)
    host.orphans = [VmId("vm-orphan")]
    running = asyncio.create_task(reconciler.run())
    try:
        await until(lambda: not host.orphans)
    finally:
        running.cancel()
