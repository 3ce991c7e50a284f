"""Table ``credential_warnings``: each end of a credential that was warned of, and what became of the post."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from vestibule.core.forecast import ExpiryWarning
from vestibule.core.records import CredentialRecord
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import record, values
from vestibule.drivers.db.schema import KEPT, credential_warnings, credentials
from vestibule.drivers.db.unbroken import unbroken

_W = credential_warnings.c


class DbWarnings:
    """Implements ``services.repositories.Warnings``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unwarned(self, after: dt.datetime, before: dt.datetime) -> Sequence[CredentialRecord]:
        """Those that are not revoked and have no warning of this very end, the next to end first."""
        ends = credentials.c.login_expires_at
        warned = sa.exists().where(_W.credential_id == credentials.c.credential_id, _W.usable_until == ends)
        query = (
            credentials.select()
            .where(ends > after, ends <= before, KEPT, ~warned)
            .order_by(ends, credentials.c.credential_id)
        )
        async with self._database.read() as connection:
            return [record(CredentialRecord, row) for row in await connection.execute(query)]

    @unbroken
    async def add(self, warning: ExpiryWarning) -> None:
        """On the disk before anybody is told."""
        async with self._database.write_durably() as connection:
            await connection.execute(
                insert(credential_warnings).values(values(warning)).on_conflict_do_nothing()
            )

    async def undelivered(self, now: dt.datetime) -> Sequence[ExpiryWarning]:
        """Those whose next attempt is due, the oldest first."""
        query = (
            credential_warnings.select()
            .where(_W.next_attempt_at <= now)
            .order_by(_W.warned_at, _W.credential_id)
        )
        async with self._database.read() as connection:
            return [record(ExpiryWarning, row) for row in await connection.execute(query)]

    @unbroken
    async def store(self, warning: ExpiryWarning) -> None:
        """What became of an attempt."""
        changed = {name: values(warning)[name] for name in ("attempts", "next_attempt_at", "delivered_at")}
        async with self._database.write_durably() as connection:
            await connection.execute(credential_warnings.update().where(_is(warning)).values(**changed))

    @unbroken
    async def drop(self, warning: ExpiryWarning) -> None:
        """It is not true any more; a warning of another end is another row."""
        async with self._database.write_durably() as connection:
            await connection.execute(credential_warnings.delete().where(_is(warning)))


def _is(warning: ExpiryWarning) -> sa.ColumnElement[bool]:
    return sa.and_(_W.credential_id == warning.credential_id, _W.usable_until == warning.usable_until)
