"""Table ``credentials``; rows are written by ``DbSessions.complete``, with the state that promises them."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.core.ids import CredentialId, UserId
from vestibule.core.records import CredentialRecord
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import absent, record
from vestibule.drivers.db.schema import credentials


class DbCredentials:
    """Implements ``services.repositories.Credentials``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, credential_id: CredentialId) -> CredentialRecord:
        """Raise Absent when there is none."""
        query = credentials.select().where(credentials.c.credential_id == credential_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise absent("credential", credential_id)
        return record(CredentialRecord, row)

    async def of_user(self, user_id: UserId) -> Sequence[CredentialRecord]:
        """A user's credentials, newest first."""
        query = (
            credentials.select()
            .where(credentials.c.user_id == user_id)
            .order_by(credentials.c.sealed_at.desc(), credentials.c.credential_id)
        )
        async with self._database.read() as connection:
            return [record(CredentialRecord, row) for row in await connection.execute(query)]
