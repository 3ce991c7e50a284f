"""Rows that are counted as they reach their end: whoever moves them, and once, because a row moves once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import structlog

from vestibule.core.errors import VestibuleError
from vestibule.core.ids import SessionId, VmId
from vestibule.core.machines import MACHINE_TRANSITIONS, MachineRecord, MachineStatus
from vestibule.core.metrics import (
    FIRST_FRAME_SECONDS,
    HEALTH_FAILURES,
    MACHINES_ENDED,
    NO_CODE,
    SESSION_SECONDS,
    SESSIONS_ENDED,
    STAGE_SECONDS,
)
from vestibule.core.records import CredentialRecord, SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.symptoms import CHECK_CODES
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.db.unbroken import unbroken
from vestibule.services.meter import Meter

log = structlog.get_logger()

CHECK_OF: Mapping[str, str] = {
    **{code: check for check, code in CHECK_CODES.items()},
    **dict.fromkeys(("agent_unreachable", "no_identity_ack", "agent_mismatch"), "agent"),
}
"""Failure code → what the machine was asked to confirm."""


class MeteredSessions(DbSessions):
    """Counts ends, and how long each state lasted; a write that nobody waits for any more counts too."""

    def __init__(self, database: Database, meter: Meter) -> None:
        super().__init__(database)
        self._meter = meter

    @unbroken
    async def advance(
        self,
        session_id: SessionId,
        *,
        seen: SessionStatus,
        to: SessionStatus,
        at: dt.datetime,
        **fields: object,
    ) -> SessionRecord:
        """See DbSessions."""
        return await self._counted(
            await super().advance(session_id, seen=seen, to=to, at=at, **fields), left=seen
        )

    @unbroken
    async def complete(
        self, session_id: SessionId, credential: CredentialRecord, *, seen: SessionStatus, at: dt.datetime
    ) -> SessionRecord:
        """See DbSessions."""
        return await self._counted(
            await super().complete(session_id, credential, seen=seen, at=at), left=seen
        )

    @unbroken
    async def machine_running(
        self,
        session_id: SessionId,
        vm_id: VmId,
        *,
        at: dt.datetime,
        session_fields: dict[str, object],
        machine_fields: dict[str, object],
    ) -> SessionRecord:
        """See DbSessions."""
        record = await super().machine_running(
            session_id, vm_id, at=at, session_fields=session_fields, machine_fields=machine_fields
        )
        return await self._counted(record, left=SessionStatus.STARTED)

    @unbroken
    async def keep_first_frame(self, session_id: SessionId, ms: int) -> SessionRecord | None:
        """See DbSessions."""
        record = await super().keep_first_frame(session_id, ms)
        if record is not None:
            self._meter.time(FIRST_FRAME_SECONDS, ms / 1000, record.driver or NO_CODE)
        return record

    async def _counted(self, record: SessionRecord, *, left: SessionStatus) -> SessionRecord:
        try:
            reached = {stage.status: stage.at for stage in await self.stages(record.session_id)}
        except VestibuleError as error:  # the step is stored: that nobody could time it must not undo it
            log.warning("A stage could not be timed", session_id=record.session_id, cause=error.cause)
            reached = {}
        if left in reached and record.status in reached:
            lasted = reached[record.status] - reached[left]
            self._meter.time(STAGE_SECONDS, lasted.total_seconds(), left, record.driver or NO_CODE)
        if record.status in FINAL and record.completed_at is not None:
            lived = record.completed_at - record.created_at
            self._meter.time(SESSION_SECONDS, lived.total_seconds(), record.status)
            self._meter.count(SESSIONS_ENDED, record.provider, record.status, record.error_code or NO_CODE)
        return record


class MeteredMachines(DbMachines):
    """Counts ends, and what machines could not confirm."""

    def __init__(self, database: Database, meter: Meter) -> None:
        super().__init__(database)
        self._meter = meter

    @unbroken
    async def advance(self, vm_id: VmId, *, to: MachineStatus, **fields: object) -> MachineRecord:
        """See DbMachines."""
        record = await super().advance(vm_id, to=to, **fields)
        if not MACHINE_TRANSITIONS[record.status]:
            code = record.error_code or NO_CODE
            self._meter.count(MACHINES_ENDED, record.driver, record.status, code)
            if code in CHECK_OF:
                self._meter.count(HEALTH_FAILURES, CHECK_OF[code])
        return record
