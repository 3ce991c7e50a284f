"""Starts: from the golden that is served to a machine whose process runs.

::

    golden held and looked at ─▶ row ``creating`` with an address ─▶ folder ─▶ driver.start ─▶ Live
                                            └─ whatever fails: nothing is left but the row, failed
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from vestibule.core.errors import VestibuleError
from vestibule.core.goldens import Manifest, require_memory
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import DriverName, MachineRecord
from vestibule.core.steps import StepName
from vestibule.services import machine_steps
from vestibule.services.endings import every_step
from vestibule.services.golden_ports import GoldenStore, Hold
from vestibule.services.introductions import Live
from vestibule.services.machine_rows import MachineRows
from vestibule.services.machine_settings import MachineSettings
from vestibule.services.ports import MachineDriver, RunFolders
from vestibule.services.stage_limits import start_deadline
from vestibule.services.threads import to_the_end
from vestibule.services.timeline import Timeline

Reserve = Callable[[GoldenId], Awaitable[MachineRecord]]
"""Makes the row of a machine that is to be started from this golden."""


class Starts:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        settings: MachineSettings,
        goldens: GoldenStore,
        serving: Callable[[DriverName], Awaitable[GoldenId]],
        records: MachineRows,
        folders: RunFolders,
        timeline: Timeline,
    ) -> None:
        """``serving``: see ``Machines``."""
        self.under_way: set[VmId] = set()
        """Machines with a row whose driver has not started them yet."""
        self._settings = settings
        self._goldens = goldens
        self._serving = serving
        self._records = records
        self._folders = folders
        self._timeline = timeline

    async def start(self, user_id: UserId, session_id: SessionId | None, driver: MachineDriver) -> Live:
        """A machine whose process runs.  Raises as ``Machines.create``; nothing is left behind then."""
        vm_id = self._records.new_id()
        return await self._start(
            session_id or vm_id,
            driver,
            lambda golden_id: self._records.reserve(vm_id, user_id, session_id, driver, golden_id),
        )

    async def start_warming(self, owner: UserId, driver: MachineDriver) -> Live:
        """The same for the warm pool.  Raises Unavailable unless there is room that nobody else wants."""
        vm_id = self._records.new_id()
        return await self._start(
            vm_id, driver, lambda golden_id: self._records.reserve_warming(vm_id, owner, driver, golden_id)
        )

    async def _start(self, subject: str, driver: MachineDriver, reserve: Reserve) -> Live:
        with self._timeline.step(subject, StepName.GOLDEN):
            hold, manifest = await self._golden(driver)
        try:
            record = await reserve(hold.golden_id)
            return await self._started(record, hold, manifest, driver)
        except BaseException as error:
            hold.release()
            _of_golden(error, hold.golden_id)
            raise

    async def _golden(self, driver: MachineDriver) -> tuple[Hold, Manifest]:
        """What the machine is to be started from, held and looked at."""
        golden_id = await self._serving(driver.name)
        hold = await to_the_end(lambda: self._goldens.hold(golden_id), undo=lambda hold: hold.release())
        try:
            manifest = await to_the_end(lambda: self._goldens.usable(hold.golden_id))
            require_memory(manifest, self._settings.limits.mem_mib)
        except BaseException as error:
            hold.release()
            _of_golden(error, golden_id)
            raise
        return hold, manifest

    async def _started(
        self, record: MachineRecord, hold: Hold, manifest: Manifest, driver: MachineDriver
    ) -> Live:
        subject = machine_steps.subject(record)
        self.under_way.add(record.vm_id)
        self._timeline.know(subject, driver=driver.name, golden_id=hold.golden_id)
        try:
            with self._timeline.step(subject, StepName.START):
                async with start_deadline(self._settings.start_timeout_s[driver.name]):
                    run_dir = await self._folders.make(record.vm_id)
                    machine = await driver.start(self._settings.request(record, run_dir))
        except BaseException as error:
            await asyncio.shield(self.abandon(record.vm_id, error))
            machine_steps.finish(self._timeline, record, error)
            raise
        finally:
            self.under_way.discard(record.vm_id)
        return Live(
            record=record,
            machine=machine,
            agent_build=manifest.agent_build,
            agent_files=manifest.agent_files,
            hold=hold,
        )

    async def abandon(self, vm_id: VmId, error: BaseException | None) -> None:
        """Keep the logs and close the row of a machine that nothing runs."""
        await every_step(vm_id, lambda: self._folders.archive(vm_id))
        await self._records.close(vm_id, error)


def _of_golden(error: BaseException, golden_id: GoldenId) -> None:
    if isinstance(error, VestibuleError):
        error.golden_id = golden_id
