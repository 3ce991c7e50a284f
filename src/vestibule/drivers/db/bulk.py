"""The bulk of old sessions and machines: removed once, and the row says when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import auth_sessions, session_notices, steps, vms
from vestibule.drivers.db.unbroken import unbroken

_EXPIRED = {"expired": "It was kept for bulk_keep_days, and removed by the janitor."}
_EMPTY = "{}"


class DbBulk:
    """Implements ``services.janitor.Bulk``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def expire_sessions(self, *, before: dt.datetime, at: dt.datetime, most: int) -> int:
        """See Bulk."""
        ended = auth_sessions.c.completed_at
        found = await self._unexpired(auth_sessions, auth_sessions.c.session_id, ended, before, most)
        if found:
            await self._forget_sessions(found, at)
        return len(found)

    async def expire_machines(self, *, before: dt.datetime, at: dt.datetime, most: int) -> int:
        """See Bulk."""
        found = await self._unexpired(vms, vms.c.vm_id, vms.c.ended_at, before, most)
        if found:
            await self._forget_machines(found, at)
        return len(found)

    async def _unexpired(
        self,
        table: sa.Table,
        key: sa.Column[str],
        ended: sa.Column[dt.datetime],
        before: dt.datetime,
        most: int,
    ) -> Sequence[str]:
        """Those that ended first; found before the lock is taken: a search is nobody else's wait."""
        query = (
            sa.select(key)
            .where(ended < before, table.c.bulk_expired_at.is_(None))
            .order_by(ended)
            .limit(most)
        )
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    @unbroken
    async def _forget_sessions(self, ids: Sequence[str], at: dt.datetime) -> None:
        nothing = dict.fromkeys(("auth_url", "user_code", "page_title"), None)
        mine = auth_sessions.c.session_id.in_(ids)
        async with self._database.write() as connection:
            await connection.execute(steps.delete().where(steps.c.subject_id.in_(ids)))
            await connection.execute(session_notices.delete().where(session_notices.c.session_id.in_(ids)))
            kept = _evidence(auth_sessions.c.error_evidence)
            changes = {**nothing, "error_evidence": kept, "bulk_expired_at": at}
            await connection.execute(auth_sessions.update().where(mine).values(changes))

    @unbroken
    async def _forget_machines(self, ids: Sequence[str], at: dt.datetime) -> None:
        changes = {"error_evidence": _evidence(vms.c.error_evidence), "bulk_expired_at": at}
        async with self._database.write() as connection:
            await connection.execute(steps.delete().where(steps.c.subject_id.in_(ids)))
            await connection.execute(vms.update().where(vms.c.vm_id.in_(ids)).values(changes))


def _evidence(column: sa.Column[object]) -> sa.ColumnElement[object]:
    """What stands in the place of evidence; where there was none, still none."""
    none = sa.cast(column, sa.String) == _EMPTY
    return sa.case((none, column), else_=sa.literal(_EXPIRED, sa.JSON))
