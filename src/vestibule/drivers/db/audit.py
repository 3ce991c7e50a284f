"""Table ``audit_events``: rows are only added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import values
from vestibule.drivers.db.schema import audit_events, users
from vestibule.drivers.db.unbroken import unbroken

_A = audit_events.c


class DbAudit:
    """Implements ``services.audit.AuditRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def add(self, events: Sequence[AuditEvent]) -> None:
        """See AuditRows."""
        async with self._database.write() as connection:
            await _insert(connection, events)

    @unbroken
    async def add_durably(self, event: AuditEvent) -> None:
        """See AuditRows."""
        async with self._database.write_durably() as connection:
            await _insert(connection, [event])

    @unbroken
    async def add_missing(self, events: Sequence[AuditEvent]) -> None:
        """See AuditRows."""
        async with self._database.write() as connection:
            await _insert(connection, [event for event in events if not await _is_known(connection, event)])

    async def newest(self, actions: Collection[AuditAction]) -> dt.datetime | None:
        """See AuditRows."""
        query = sa.select(_A.at).where(_A.action.in_(actions)).order_by(_A.at.desc()).limit(1)
        async with self._database.read() as connection:
            found: dt.datetime | None = await connection.scalar(query)
        return found


async def _insert(connection: AsyncConnection, events: Sequence[AuditEvent]) -> None:
    if not events:
        return
    names = await _names(connection, {event.actor_id for event in events if event.actor_id is not None})
    await connection.execute(audit_events.insert(), [_row(event, names) for event in events])


async def _names(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Who the actors are called now; none of those that were removed meanwhile."""
    if not ids:
        return {}
    query = sa.select(users.c.user_id, users.c.name).where(users.c.user_id.in_(ids))
    return {row.user_id: row.name for row in await connection.execute(query)}


def _row(event: AuditEvent, names: dict[str, str]) -> dict[str, Any]:
    return {**values(event), "actor": names.get(event.actor_id or "")}


async def _is_known(connection: AsyncConnection, event: AuditEvent) -> bool:
    query = sa.select(_A.number).where(
        _A.subject == event.subject, _A.at == event.at, _A.action == event.action
    )
    return await connection.scalar(query) is not None
