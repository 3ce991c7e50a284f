"""Ended sign-ins, counted by hour, state, reason and golden; and a user's newest failed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from vestibule.core.failure_reports import UNNAMED, Example, Tally
from vestibule.core.ids import UserId
from vestibule.core.sessions import FINAL
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import IS_FAILURE, auth_sessions

_S = auth_sessions.c
_HOUR = sa.func.substr(sa.cast(_S.completed_at, sa.String), 1, 13)
"""``2026-11-30 00``: times are stored in UTC."""


class DbFailures:
    """Implements ``services.failures.FailureRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(self, since: dt.datetime, user_id: UserId | None) -> Sequence[Tally]:
        """See FailureRows."""
        alike = (_HOUR, _S.status, _S.error_code, _S.golden_id)
        query = (
            sa.select(*alike, sa.func.count())
            .where(_S.completed_at >= since, _S.status.in_(FINAL), *_of(user_id))
            .group_by(*alike)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Tally(hour=_hour(hour), status=status, code=code, golden_id=golden_id, count=count)
            for hour, status, code, golden_id, count in rows
        ]

    async def examples(self, since: dt.datetime, user_id: UserId, most: int) -> Sequence[Example]:
        """See FailureRows."""
        code = sa.func.coalesce(_S.error_code, UNNAMED)
        newest = sa.func.row_number().over(
            partition_by=code, order_by=(_S.completed_at.desc(), _S.session_id)
        )
        columns = (_S.session_id, _S.error_cause, _S.provider, _S.golden_id, _S.completed_at)
        ranked = (
            sa.select(*columns, code.label("code"), newest.label("rank"))
            .where(_S.completed_at >= since, IS_FAILURE, _S.user_id == user_id)
            .subquery()
        )
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
    return [] if user_id is None else [_S.user_id == user_id]


def _hour(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}:00:00+00:00")
