"""Tables ``auth_sessions``, ``session_stages`` and ``session_notices``."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.errors import Conflict
from vestibule.core.ids import SessionId, UserId, VmId
from vestibule.core.machines import MachineStatus
from vestibule.core.records import CredentialRecord, History, NoticeRecord, SessionRecord, StageRecord
from vestibule.core.sessions import FINAL, TRANSITIONS, SessionStatus
from vestibule.drivers.db import credentials, machines
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import absent, checked, record, state_changed, values
from vestibule.drivers.db.schema import UNFINISHED, auth_sessions, session_notices, session_stages
from vestibule.drivers.db.unbroken import unbroken

_FIXED = frozenset({"session_id", "user_id", "provider", "status", "seq", "created_at", "completed_at"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Step:
    """A compare-and-swap: what the caller saw, and what it is to become."""

    session_id: SessionId
    seen: SessionStatus
    to: SessionStatus
    at: dt.datetime


class DbSessions:
    """Implements ``services.repositories.Sessions`` and ``SessionsWithMachine``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def add(self, session: SessionRecord) -> None:
        """Insert with its first stage.  Raises Conflict ``session_open`` with the open one's id."""
        async with self._database.write() as connection:
            try:
                async with connection.begin_nested():
                    await connection.execute(auth_sessions.insert().values(values(session)))
            except IntegrityError as error:
                raise await _open_session(connection, session, error) from error
            await _add_stage(connection, session.session_id, session.status, session.created_at)

    async def get(self, session_id: SessionId) -> SessionRecord:
        """Raise Absent when there is none."""
        async with self._database.read() as connection:
            return await _read(connection, session_id)

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
        """Compare-and-swap ``seen`` → ``to``; a final state also sets ``completed_at``."""
        async with self._database.write() as connection:
            step = _Step(session_id=session_id, seen=seen, to=to, at=at)
            return await _advance(connection, step, fields)

    @unbroken
    async def complete(
        self, session_id: SessionId, credential: CredentialRecord, *, seen: SessionStatus, at: dt.datetime
    ) -> SessionRecord:
        """Store the sealed credential and ``seen`` → completed, together or not at all."""
        step = _Step(session_id=session_id, seen=seen, to=SessionStatus.COMPLETED, at=at)
        async with self._database.write_durably() as connection:
            done = await _advance(connection, step, {"credential_id": credential.credential_id})
            await credentials.add(connection, credential)
            return done

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
        """Machine creating → running and session started → vm_created, together or not at all."""
        step = _Step(session_id=session_id, seen=SessionStatus.STARTED, to=SessionStatus.VM_CREATED, at=at)
        async with self._database.write() as connection:
            await machines.advance(
                connection, vm_id, MachineStatus.RUNNING, {"running_at": at, **machine_fields}
            )
            return await _advance(connection, step, session_fields)

    @unbroken
    async def update(self, session_id: SessionId, **fields: object) -> SessionRecord:
        """Change columns of an unfinished session.  Raises Conflict ``state_changed`` when it is final."""
        async with self._database.write() as connection:
            return await _update(connection, session_id, fields)

    @unbroken
    async def keep_first_frame(self, session_id: SessionId, ms: int) -> SessionRecord | None:
        """Set it once; None when it was set before, or the session is final."""
        async with self._database.write() as connection:
            first = (
                auth_sessions.update()
                .where(
                    auth_sessions.c.session_id == session_id,
                    UNFINISHED,
                    auth_sessions.c.first_frame_ms.is_(None),
                )
                .values(first_frame_ms=ms, seq=auth_sessions.c.seq + 1)
                .returning(*auth_sessions.c)
            )
            row = (await connection.execute(first)).one_or_none()
            return None if row is None else record(SessionRecord, row)

    @unbroken
    async def note(self, notice: NoticeRecord) -> SessionRecord:
        """Add a notice to an unfinished session; the same code again replaces the older text."""
        same = sa.and_(
            session_notices.c.session_id == notice.session_id, session_notices.c.code == notice.code
        )
        async with self._database.write() as connection:
            session = await _update(connection, notice.session_id, {})
            await connection.execute(session_notices.delete().where(same))
            await connection.execute(session_notices.insert().values(values(notice)))
            return session

    async def stages(self, session_id: SessionId) -> Sequence[StageRecord]:
        """Its history, oldest first."""
        return await self._stages([session_id])

    async def notices(self, session_id: SessionId) -> Sequence[NoticeRecord]:
        """Its notices, oldest first."""
        return await self._notices([session_id])

    async def histories(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, History]:
        """Stages and notices of each: two statements, however many there are."""
        stages: dict[SessionId, list[StageRecord]] = {each: [] for each in session_ids}
        for stage in await self._stages(session_ids):
            stages[stage.session_id].append(stage)
        notices: dict[SessionId, list[NoticeRecord]] = {each: [] for each in session_ids}
        for notice in await self._notices(session_ids):
            notices[notice.session_id].append(notice)
        return {each: (stages[each], notices[each]) for each in session_ids}

    async def _stages(self, session_ids: Sequence[SessionId]) -> Sequence[StageRecord]:
        # States follow each other in their enum's order, which also settles two at the same moment.
        order = {status.value: number for number, status in enumerate(SessionStatus)}
        query = (
            session_stages.select()
            .where(session_stages.c.session_id.in_(session_ids))
            .order_by(session_stages.c.at, sa.case(order, value=sa.cast(session_stages.c.status, sa.String)))
        )
        async with self._database.read() as connection:
            return [record(StageRecord, row) for row in await connection.execute(query)]

    async def _notices(self, session_ids: Sequence[SessionId]) -> Sequence[NoticeRecord]:
        query = (
            session_notices.select()
            .where(session_notices.c.session_id.in_(session_ids))
            .order_by(session_notices.c.at, session_notices.c.code)
        )
        async with self._database.read() as connection:
            return [record(NoticeRecord, row) for row in await connection.execute(query)]

    async def of_user(self, user_id: UserId, limit: int = 100) -> Sequence[SessionRecord]:
        """A user's sessions, newest first."""
        query = (
            auth_sessions.select()
            .where(auth_sessions.c.user_id == user_id)
            .order_by(auth_sessions.c.created_at.desc(), auth_sessions.c.session_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [record(SessionRecord, row) for row in await connection.execute(query)]

    async def unfinished(self) -> Sequence[SessionRecord]:
        """All sessions that are in no final state, oldest first."""
        # Sorted here: for an order in SQL, SQLite would walk along all sessions.
        async with self._database.read() as connection:
            rows = await connection.execute(auth_sessions.select().where(UNFINISHED))
            found = [record(SessionRecord, row) for row in rows]
        return sorted(found, key=lambda session: (session.created_at, session.session_id))


async def _read(connection: AsyncConnection, session_id: SessionId) -> SessionRecord:
    query = auth_sessions.select().where(auth_sessions.c.session_id == session_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise absent("session", session_id)
    return record(SessionRecord, row)


async def _add_stage(
    connection: AsyncConnection, session_id: SessionId, status: SessionStatus, at: dt.datetime
) -> None:
    stage = StageRecord(session_id=session_id, status=status, at=at)
    await connection.execute(session_stages.insert().values(values(stage)))


async def _advance(connection: AsyncConnection, step: _Step, fields: Mapping[str, object]) -> SessionRecord:
    changes = {**checked(auth_sessions, fields, fixed=_FIXED), "status": step.to}
    if step.to in FINAL:
        changes["completed_at"] = step.at
    allowed = {step.seen} if step.to in TRANSITIONS[step.seen] else set()
    session = await _swap(connection, step.session_id, allowed, changes)
    await _add_stage(connection, step.session_id, step.to, step.at)
    return session


async def _update(
    connection: AsyncConnection, session_id: SessionId, fields: Mapping[str, object]
) -> SessionRecord:
    changes = checked(auth_sessions, fields, fixed=_FIXED)
    return await _swap(connection, session_id, set(SessionStatus) - FINAL, changes)


async def _swap(
    connection: AsyncConnection,
    session_id: SessionId,
    seen: set[SessionStatus],
    changes: dict[str, object],
) -> SessionRecord:
    """Write ``changes`` when the session is in one of ``seen``; every change counts ``seq`` up."""
    swap = (
        auth_sessions.update()
        .where(auth_sessions.c.session_id == session_id, auth_sessions.c.status.in_(seen))
        .values(**changes, seq=auth_sessions.c.seq + 1)
        .returning(*auth_sessions.c)
    )
    row = (await connection.execute(swap)).one_or_none()
    if row is None:
        now = await _read(connection, session_id)
        raise state_changed("session", session_id, now.status)
    return record(SessionRecord, row)


async def _open_session(
    connection: AsyncConnection, session: SessionRecord, error: IntegrityError
) -> Conflict | IntegrityError:
    query = sa.select(auth_sessions.c.session_id).where(
        auth_sessions.c.user_id == session.user_id,
        auth_sessions.c.provider == session.provider,
        UNFINISHED,
    )
    session_id = await connection.scalar(query)
    if session_id is None:
        return error
    return Conflict(
        f"A sign-in to {session.provider} is already open: {session_id}.",
        remedy="Go on with that session, or cancel it first.",
        code="session_open",
        session_id=session_id,
    )
