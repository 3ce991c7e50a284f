"""Table ``vault_keys``: no credential is stored under a master key that is not in it.

So a key that nothing needs can be taken out, in one transaction, and be forgotten afterwards: whoever sealed
something with it meanwhile is refused and wraps it anew.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from vestibule.core.ids import CredentialId, KeyId
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import KEPT, credentials, vault_keys
from vestibule.drivers.db.unbroken import unbroken


class DbVaultKeys:
    """Implements ``services.repositories.VaultKeys``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def admit(self, key_id: KeyId) -> None:
        """Add it, on the disk, unless it is there."""
        async with self._database.write_durably() as connection:
            await connection.execute(insert(vault_keys).values(key_id=key_id).on_conflict_do_nothing())

    async def needed(self) -> frozenset[KeyId | None]:
        """The keys of all that is not revoked."""
        query = sa.select(credentials.c.key_id).where(KEPT).distinct()
        async with self._database.read() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def not_under(self, key_id: KeyId) -> Sequence[CredentialId]:
        """By their ids: the same order whatever is stored meanwhile."""
        query = (
            sa.select(credentials.c.credential_id)
            .where(KEPT, credentials.c.key_id.is_distinct_from(key_id))
            .order_by(credentials.c.credential_id)
        )
        async with self._database.read() as connection:
            return [CredentialId(one) for one in (await connection.execute(query)).scalars()]

    @unbroken
    async def retire(self, key_id: KeyId) -> bool:
        """Look and take it out in one transaction; whoever stores a row comes before it or after it."""
        needs_it = sa.select(credentials.c.credential_id).where(
            KEPT, sa.or_(credentials.c.key_id == key_id, credentials.c.key_id.is_(None))
        )
        async with self._database.write_durably() as connection:
            if (await connection.execute(needs_it.limit(1))).first() is not None:
                return False
            await connection.execute(vault_keys.delete().where(vault_keys.c.key_id == key_id))
            return True
