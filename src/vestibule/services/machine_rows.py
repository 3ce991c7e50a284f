"""A machine's row: from a free address to the state it ended in, and why.

::

    reserve() ─▶ creating ─▶ running ─▶ stopping ─▶ close() ─▶ destroyed
                                └──────────────────────▶ failed: with the host's share in it, where it has one
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable

import structlog

from vestibule.core import diagnosis, ids
from vestibule.core.errors import Absent, Conflict
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import MachineRecord, MachineStatus, MachineType, Warmth
from vestibule.core.pressure import Pressure, blame
from vestibule.core.sessions import Failure
from vestibule.core.typed_texts import TypedTexts
from vestibule.services.admission import Admission
from vestibule.services.endings import every_step
from vestibule.services.explanations import without_secrets
from vestibule.services.machine_settings import MachineSettings
from vestibule.services.ports import Clock, MachineDriver
from vestibule.services.repositories import Machines

log = structlog.get_logger()

CLOSE_AGAIN_S = 10.0


class MachineRows:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        settings: MachineSettings,
        rows: Machines,
        admission: Admission,
        pressure: Callable[[], Pressure],
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        """``pressure`` is what the host counts of its own shortage, now."""
        self.on_ended: Callable[[], None] = _nobody
        """Called whenever a machine's row was closed."""
        self._settings = settings
        self._rows = rows
        self._admission = admission
        self._pressure = pressure
        self._clock = clock
        self._random = random
        self._closing: dict[VmId, asyncio.Task[None]] = {}
        self._began: dict[VmId, Pressure] = {}
        """What the host counted when the machine was begun, or claimed."""

    def new_id(self) -> VmId:
        """The id of a machine to come."""
        return ids.vm_id(self._random(ids.RANDOM_BYTES))

    async def reserve(
        self,
        vm_id: VmId,
        user_id: UserId,
        session_id: SessionId | None,
        driver: MachineDriver,
        golden_id: GoldenId,
    ) -> MachineRecord:
        """A row ``creating`` with an address of its own.  Raises Unavailable when there is no room."""
        async with self._admission.lock:  # of the address the constraint decides; this spares retries
            live = await self._rows.live()
            self._admission.require(live, user_id, session_id)
            taken = {row.vm_ip for row in live}
            return await self._added(self._record(vm_id, user_id, session_id, driver, golden_id, taken=taken))

    async def reserve_warming(
        self, vm_id: VmId, owner: UserId, driver: MachineDriver, golden_id: GoldenId
    ) -> MachineRecord:
        """The same for the warm pool.  Raises Unavailable unless there is room that nobody else wants."""
        async with self._admission.lock:
            live = await self._rows.live()
            self._admission.require_spare(live)
            taken = {row.vm_ip for row in live}
            record = self._record(vm_id, owner, None, driver, golden_id, taken=taken)
            return await self._added(dataclasses.replace(record, warmth=Warmth.WARMING))

    async def _added(self, record: MachineRecord) -> MachineRecord:
        try:
            await self._rows.add(record)
        except asyncio.CancelledError as error:  # it may have been stored all the same
            await asyncio.shield(self.close(record.vm_id, error))
            raise
        self.begin(record.vm_id)
        return record

    def begin(self, vm_id: VmId) -> None:
        """A machine's way begins now, or anew at its claim: what the host lacked before explains nothing."""
        self._began[vm_id] = self._pressure()

    def _record(
        self,
        vm_id: VmId,
        user_id: UserId,
        session_id: SessionId | None,
        driver: MachineDriver,
        golden_id: GoldenId,
        *,
        taken: set[str],
    ) -> MachineRecord:
        return MachineRecord(
            vm_id=vm_id,
            user_id=user_id,
            session_id=session_id,
            type=MachineType.BROWSER,
            driver=driver.name,
            isolation=driver.isolation,
            status=MachineStatus.CREATING,
            vm_ip=self._settings.network.free(taken),
            golden_id=golden_id,
            agent_build=None,
            host=self._settings.host,
            pid=None,
            pid_started=None,
            error_code=None,
            error_cause=None,
            created_at=self._clock.now(),
            running_at=None,
            ended_at=None,
        )

    def began(self, vm_id: VmId) -> Pressure | None:
        """The same of one machine; None when an earlier controller began it."""
        return self._began.get(vm_id)

    async def close(self, vm_id: VmId, failure: BaseException | None) -> None:
        """Close the row, now or as soon as it can be written: never raises, and never gives up."""
        if await every_step(vm_id, lambda: self._close(vm_id, failure)) and vm_id not in self._closing:
            self._close_later(vm_id, failure)

    @property
    def closing(self) -> frozenset[VmId]:
        """Machines that have ended, and whose rows could not be closed yet."""
        return frozenset(self._closing)

    async def _close(self, vm_id: VmId, failure: BaseException | None) -> None:
        if failure is None or isinstance(failure, asyncio.CancelledError):  # somebody wanted it to end
            with contextlib.suppress(Absent, Conflict):  # one that never ran has not been marked before
                await self._rows.advance(vm_id, to=MachineStatus.STOPPING)
            await self.mark(vm_id, MachineStatus.DESTROYED, ended_at=self._clock.now())
        else:
            await self._fail(vm_id, self._named(vm_id, failure))
        self._began.pop(vm_id, None)
        self._admission.wake()
        self.on_ended()

    async def _fail(self, vm_id: VmId, failure: Failure) -> None:
        stage = await self._stage(vm_id)
        log.warning("Machine failed", vm_id=vm_id, code=failure.code, stage=stage, cause=failure.cause)
        await self.mark(
            vm_id,
            MachineStatus.FAILED,
            error_code=failure.code,
            error_cause=failure.cause,
            error_remedy=failure.remedy,
            error_evidence=dict(failure.evidence),
            error_stage=stage,
            ended_at=self._clock.now(),
        )

    def _named(self, vm_id: VmId, failure: BaseException) -> Failure:
        """What a host that is short of memory does to machines is not the golden's fault."""
        named = without_secrets(diagnosis.failure_of(failure), TypedTexts())
        began = self._began.get(vm_id)
        return blame(named, began, self._pressure()) if began else named

    async def _stage(self, vm_id: VmId) -> MachineStatus:
        """What the machine had come to before its end, which every row passes through."""
        row = await self._rows.get(vm_id)
        if row.status is not MachineStatus.STOPPING:
            return row.status
        return MachineStatus.CREATING if row.running_at is None else MachineStatus.RUNNING

    def _close_later(self, vm_id: VmId, failure: BaseException | None) -> None:
        """Try until the row is closed: a full disk must not keep an address and a place for ever."""

        async def closed() -> None:
            wrong: object = True  # the first try has failed
            while wrong:
                await asyncio.sleep(CLOSE_AGAIN_S)
                wrong = await every_step(vm_id, lambda: self._close(vm_id, failure))

        task = asyncio.create_task(closed())
        self._closing[vm_id] = task
        task.add_done_callback(lambda _: self._closing.pop(vm_id, None))

    async def mark(self, vm_id: VmId, to: MachineStatus, **fields: object) -> None:
        """Move it; one that somebody else has moved already is left as it is."""
        try:
            await self._rows.advance(vm_id, to=to, **fields)
        except (Absent, Conflict) as error:
            log.warning("Machine could not be marked", vm_id=vm_id, wanted=to, why=error.cause)

    def give_up(self) -> None:
        """Try no more to close rows: the next controller's reconciliation does."""
        for task in tuple(self._closing.values()):
            task.cancel()


def _nobody() -> None:
    """Whom an end is told to when nobody wants to know."""
