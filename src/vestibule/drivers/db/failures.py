"""Ended sign-ins, counted as they ended, by hour, state, reason and golden; a user's newest failed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from vestibule.core.failure_reports import UNNAMED, Example, Tally
from vestibule.core.ids import UserId
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import IS_FAILURE, auth_sessions, ended_sessions

_S = auth_sessions.c
_E = ended_sessions.c
_HOUR = dt.timedelta(hours=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOOKED_AT = 1_000
"""Of a user's newest failures, for examples: a reason that none of them has gets none."""


class DbFailures:
    """Implements ``services.failures.FailureRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(
        self, since: dt.datetime, step: dt.timedelta, user_id: UserId | None
    ) -> Sequence[Tally]:
        """See FailureRows."""
        first = (since - _EPOCH) // _HOUR
        alike = (
            (_E.hour - first) // sa.literal_column(str(step // _HOUR), sa.Integer),
            _E.status,
            _E.error_code,
            _E.golden_id,
        )
        query = (
            sa.select(sa.func.max(_E.hour), *alike[1:], sa.func.sum(_E.count))
            .where(_E.hour >= first, _E.count > 0, *_of(user_id))
            .group_by(*alike)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Tally(
                hour=_EPOCH + hour * _HOUR,
                status=SessionStatus(status),
                code=code or None,
                golden_id=golden_id or None,
                count=count,
            )
            for hour, status, code, golden_id, count in rows
        ]

    async def examples(self, since: dt.datetime, user_id: UserId, most: int) -> Sequence[Example]:
        """See FailureRows."""
        columns = ("session_id", "error_cause", "provider", "golden_id", "completed_at")
        failed = (
            sa.select(*(_S[name] for name in columns), _S.error_code)
            .where(_S.completed_at >= since, IS_FAILURE, _S.user_id == user_id)
            .order_by(_S.completed_at.desc())
            .limit(_LOOKED_AT)
            .subquery()
        )
        code = sa.func.coalesce(failed.c.error_code, UNNAMED)
        newest = sa.func.row_number().over(
            partition_by=code, order_by=(failed.c.completed_at.desc(), failed.c.session_id)
        )
        ranked = sa.select(
            *(failed.c[name] for name in columns), code.label("code"), newest.label("rank")
        ).subquery()
        query = ranked.select().where(ranked.c.rank <= most).order_by(ranked.c.completed_at.desc())
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Example(
                session_id=row.session_id,
                code=row.code,
                cause=row.error_cause or "",
                provider=row.provider,
                golden_id=row.golden_id,
                at=row.completed_at,
            )
            for row in rows
        ]


def _of(user_id: UserId | None) -> Sequence[sa.ColumnElement[bool]]:
    return [] if user_id is None else [_E.user_id == user_id]
