"""Master keys: known at the start, and exchanged while everything goes on.

::

    prepare the next key ─▶ admit it ─▶ seal with it ─▶ wrap every row anew ─▶ retire the others ─▶ settle
    kept safely             database    from now on     compare-and-swap       the database lets    forgotten
                                                                               no row need them

A rotation that ends anywhere, by a kill too, is gone on with by the next one.  Both keys are kept until the
database has said, in the transaction after which no row can be stored under the old one, that none needs it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Sequence

import structlog

from vestibule.core.errors import HostUnfit, VaultTampered
from vestibule.core.ids import CredentialId, KeyId
from vestibule.core.records import Sealed, User
from vestibule.services.repositories import Credentials as CredentialRows
from vestibule.services.repositories import VaultKeys
from vestibule.services.vault_ports import KeyRing, MasterKey, Sealer

log = structlog.get_logger()
audit = structlog.get_logger("vestibule.audit")

BATCH = 100
"""Rows of one call: each is a write to the disk, and somebody waits for the answer."""
UNNAMED = "unnamed"
"""Stands for the key of rows that name none: the first release's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a rotation is."""

    key_id: KeyId
    """The key under which everything is to be."""
    rewrapped: int
    """By this call."""
    remaining: int
    damaged: Sequence[CredentialId]
    """Cannot be opened, so not wrapped anew either; the key that they name is kept."""
    finished: bool
    """No other key is kept any more."""


async def require_known(keys: Sequence[MasterKey], rows: VaultKeys, lost: Collection[str]) -> None:
    """Before a first key is made: a database that needs another one must not get a new one beside it.

    ``lost``: keys, as the refusal names them, that the operator has given up.
    Raises HostUnfit ``vault_key_unknown``.
    """
    here = {key.key_id for key in keys}
    if lacking := missing(await rows.needed(), here, lost):
        raise unknown(lacking, here)


def missing(
    needed: Collection[KeyId | None], here: Collection[KeyId], lost: Collection[str]
) -> Collection[str]:
    """Keys that rows need, are not here and are not given up, by name."""
    named = {key_id for key_id in needed if key_id is not None and key_id not in here}
    # Whether a key that is here is the unnamed one is seen by opening something.
    unnamed = {UNNAMED} if None in needed and not here else set[str]()
    return (named | unnamed) - set(lost)


def unknown(lacking: Collection[str], here: Collection[KeyId]) -> HostUnfit:
    """Rows are sealed under keys that are not here."""
    return HostUnfit(
        f"Credentials are sealed under the master key {', '.join(sorted(lacking))}; "
        f"here is {', '.join(sorted(here)) or 'none'}.",
        remedy="Give back the key that belongs to this database, from its backup "
        "(docs/guides/operate.md#the-master-key). If it is lost for good, list it in vault_lost_keys.",
        code="vault_key_unknown",
    )


class Rotation:
    """The use case of exchanging the master key; one per controller."""

    def __init__(
        self, *, ring: KeyRing, sealer: Sealer, rows: VaultKeys, credentials: CredentialRows
    ) -> None:
        self._ring = ring
        self._sealer = sealer
        self._rows = rows
        self._credentials = credentials
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, lost: Collection[str] = ()) -> None:
        """At the start, before anything is sealed.  Raises HostUnfit ``vault_key_unknown``."""
        newest = self._ring.keys[0]
        if UNNAMED not in lost and not await self._opens_unnamed():
            raise unknown({UNNAMED}, {key.key_id for key in self._ring.keys})
        await self._rows.admit(newest.key_id)
        if len(self._ring.keys) > 1:
            log.warning(
                "More than one master key is kept; finish with: vestibule credentials rotate-key",
                key_id=newest.key_id,
            )

    async def rotate(self, user: User) -> Progress:
        """Begin a rotation, or go on with one, for BATCH rows; call it until nothing remains.

        Raises Conflict ``vault_key_not_given``.
        """
        async with self._one_at_a_time:
            newest = await self._prepared()
            await self._rows.admit(newest.key_id)
            self._sealer.adopt(newest)
            progress = await self._wrap(newest.key_id)
            if progress.remaining == 0:
                progress = dataclasses.replace(progress, finished=await self._retired())
        audit.info(
            "Master key rotated" if progress.finished else "Master key rotation goes on",
            user_id=user.user_id,
            **dataclasses.asdict(progress),
        )
        return progress

    async def _prepared(self) -> MasterKey:
        """The key of a rotation that has not ended, else another one."""
        if len(self._ring.keys) > 1:
            return self._ring.keys[0]
        return await asyncio.to_thread(self._ring.prepare)

    async def _wrap(self, key_id: KeyId) -> Progress:
        damaged, done = list[CredentialId](), 0
        for credential_id in await self._rows.not_under(key_id):
            if done == BATCH:
                break
            try:
                done += await self._rewrap(credential_id)
            except VaultTampered as error:
                log.warning("A credential cannot be opened", credential_id=credential_id, cause=error.cause)
                damaged.append(credential_id)
        left = set(await self._rows.not_under(key_id)) - set(damaged)
        return Progress(key_id=key_id, rewrapped=done, remaining=len(left), damaged=damaged, finished=False)

    async def _rewrap(self, credential_id: CredentialId) -> bool:
        """False when somebody was quicker: refreshed or deleted it.  Raises VaultTampered."""
        seen = await self._credentials.get(credential_id)
        if not seen.sealed:
            return False
        sealed = Sealed(key_id=seen.key_id, content=seen.sealed)
        again = self._sealer.rewrap(sealed, context=credential_id)
        return await self._credentials.rewrap(seen, again)

    async def _retired(self) -> bool:
        """Whether nothing needs the other keys any more; they are forgotten then."""
        for key in self._ring.keys[1:]:
            if not await self._rows.retire(key.key_id):
                return False
        await asyncio.to_thread(self._ring.settle)
        return True

    async def _opens_unnamed(self) -> bool:
        """Whether a row that names no key opens, if there are any."""
        if None not in await self._rows.needed():
            return True
        for credential_id in await self._rows.not_under(self._ring.keys[0].key_id):
            seen = await self._credentials.get(credential_id)
            if seen.key_id is None and self._opens(seen.sealed, credential_id):
                return True
        return False

    def _opens(self, content: bytes, credential_id: CredentialId) -> bool:
        try:
            self._sealer.open(Sealed(key_id=None, content=content), context=credential_id)
        except VaultTampered:
            return False
        return True
