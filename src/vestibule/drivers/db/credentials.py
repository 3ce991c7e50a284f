"""Tables ``credentials`` and ``credential_custody``, the history of who had one.

A credential is added by ``DbSessions.complete``, with the state that promises it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.custody import TRANSITIONS
from vestibule.core.errors import KEY_RETIRED, Conflict
from vestibule.core.ids import CredentialId, KeyId, UserId
from vestibule.core.records import CredentialRecord, CustodyRecord, Sealed
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import absent, checked, record, state_changed, values
from vestibule.drivers.db.schema import KEPT, credential_custody, credentials, vault_keys
from vestibule.drivers.db.unbroken import unbroken

_FIXED = frozenset({"credential_id", "user_id", "session_id", "provider"})


class DbCredentials:
    """Implements ``services.repositories.Credentials``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, credential_id: CredentialId) -> CredentialRecord:
        """Raise Absent when there is none."""
        async with self._database.read() as connection:
            return await _read(connection, credential_id)

    async def of_user(self, user_id: UserId) -> Sequence[CredentialRecord]:
        """A user's credentials that are not revoked, newest first."""
        # Sorted here: for an order in SQL, SQLite would walk along the deleted ones.
        query = credentials.select().where(credentials.c.user_id == user_id, KEPT)
        async with self._database.read() as connection:
            found = [record(CredentialRecord, row) for row in await connection.execute(query)]
        by_id = sorted(found, key=lambda credential: credential.credential_id)
        return sorted(by_id, key=lambda credential: credential.sealed_at, reverse=True)

    @unbroken
    async def move(
        self, seen: CredentialRecord, to: CredentialRecord, *, at: dt.datetime
    ) -> CredentialRecord:
        """Compare-and-swap ``seen`` → ``to`` with its history.  Raises Conflict ``state_changed``, Absent.

        On the disk before it returns: a check-out that a power cut undid would make room for a second holder.
        """
        # ``seq`` alone would do; the custody is asked for too, so that no caller can step off the table.
        allowed = seen.custody if to.custody in TRANSITIONS[seen.custody] else None
        swap = (
            credentials.update()
            .where(
                credentials.c.credential_id == seen.credential_id,
                credentials.c.seq == seen.seq,
                credentials.c.custody == allowed,
            )
            .values(**_changes(seen, to))
            .returning(*credentials.c)
        )
        async with self._database.write_durably() as connection:
            if to.sealed != seen.sealed:
                await _require_admitted(connection, to.key_id)
            row = (await connection.execute(swap)).one_or_none()
            if row is None:
                now = await _read(connection, seen.credential_id)
                raise state_changed("credential", now.credential_id, now.custody)
            moved = record(CredentialRecord, row)
            await _add_custody(connection, moved, to.holder or seen.holder, at)
            return moved

    @unbroken
    async def rewrap(self, seen: CredentialRecord, sealed: Sealed) -> bool:
        """Compare-and-swap the content alone.  On the disk: the key before may be forgotten afterwards."""
        swap = (
            credentials.update()
            .where(credentials.c.credential_id == seen.credential_id, credentials.c.sealed == seen.sealed)
            .values(sealed=sealed.content, key_id=sealed.key_id)
        )
        async with self._database.write_durably() as connection:
            await _require_admitted(connection, sealed.key_id)
            return (await connection.execute(swap)).rowcount == 1

    async def history(self, credential_id: CredentialId) -> Sequence[CustodyRecord]:
        """Every state of its custody, oldest first."""
        query = (
            credential_custody.select()
            .where(credential_custody.c.credential_id == credential_id)
            .order_by(credential_custody.c.seq)
        )
        async with self._database.read() as connection:
            return [record(CustodyRecord, row) for row in await connection.execute(query)]


async def add(connection: AsyncConnection, credential: CredentialRecord) -> None:
    """Insert one with the beginning of its history, in the caller's transaction."""
    await _require_admitted(connection, credential.key_id)
    await connection.execute(credentials.insert().values(values(credential)))
    await _add_custody(connection, credential, credential.holder, credential.sealed_at)


async def _read(connection: AsyncConnection, credential_id: CredentialId) -> CredentialRecord:
    query = credentials.select().where(credentials.c.credential_id == credential_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise absent("credential", credential_id)
    return record(CredentialRecord, row)


def _changes(seen: CredentialRecord, to: CredentialRecord) -> dict[str, object]:
    before, after = values(seen), values(to)
    changed = {name: value for name, value in after.items() if value != before[name]}
    if "sealed" in changed:  # the row's key may be another by now, though it is not in ``to``
        changed["key_id"] = to.key_id
    return checked(credentials, {**changed, "seq": seen.seq + 1}, fixed=_FIXED)


async def _require_admitted(connection: AsyncConnection, key_id: KeyId | None) -> None:
    """In the transaction that stores the row: nobody can retire the key in between."""
    query = sa.select(vault_keys.c.key_id).where(vault_keys.c.key_id == key_id)
    if key_id is not None and (await connection.execute(query)).one_or_none() is None:
        raise Conflict(
            f"The master key {key_id} is not in use any more.",
            remedy="Try again: the key that took its place is used then.",
            code=KEY_RETIRED,
        )


async def _add_custody(
    connection: AsyncConnection, credential: CredentialRecord, holder: str | None, at: dt.datetime
) -> None:
    reached = CustodyRecord(
        credential_id=credential.credential_id,
        seq=credential.seq,
        custody=credential.custody,
        holder=holder,
        at=at,
    )
    await connection.execute(credential_custody.insert().values(values(reached)))
