"""A vault with a clock to move: credentials and their custodian on a real database."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import datetime as dt
import itertools
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.providers import Provider
from vestibule.core.records import SessionRecord, User
from vestibule.core.sessions import SessionStatus
from vestibule.drivers import providers
from vestibule.drivers.db import schema
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.migrate import migrate
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.db.unbroken import unbroken
from vestibule.drivers.master_keys import GivenKeyRing
from vestibule.resources import find_resources
from vestibule.services.credentials import Credentials
from vestibule.services.custodian import Custodian
from vestibule.services.rotation import Rotation
from vestibule.services.vault_ports import KeyRing, Sealer
from vestibule.vaults import open_vault
from vestibule_agent.protocol import Credential, CredentialFile

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class SetClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> dt.datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)


def login(expires_in_s: int | None = 3600, **changes: Any) -> bytes:
    """A file of the demo's tool that expires so long after NOW; visibly fake."""
    document = {"access_token": "demo-at-fake", "refresh_token": "demo-rt-fake", "account": "ann", **changes}
    if expires_in_s is not None:
        document["expires_at"] = int(NOW.timestamp()) + expires_in_s
    return json.dumps(document).encode()


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def given_ring(*letters: bytes) -> GivenKeyRing:
    """Visibly fake master keys, one letter each."""
    return GivenKeyRing.parse(" ".join((letter * 32).hex() for letter in letters), "by a test", os.urandom)


def brought(content: bytes) -> list[CredentialFile]:
    """The demo's one file, as a holder or a guest brings it."""
    return files_of(base64_of(content))


def files_of(content: str) -> list[CredentialFile]:
    """The same of what is base64, or should be."""
    return [CredentialFile(path="~/.vestibule-demo/credentials.json", mode=0o777, content=content)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class VaultLab:
    """The services, and rows to start from."""

    database: Database
    rows: DbCredentials
    credentials: Credentials
    custodian: Custodian
    rotation: Rotation
    providers: Mapping[str, Provider]
    clock: SetClock
    numbers: Any = dataclasses.field(default_factory=itertools.count)

    async def user(self, name: str) -> User:
        user = User(user_id=UserId(f"u-{name}"), name=name, created_at=NOW)
        await DbAccounts(self.database).add_user(user)
        return user

    async def sealed(
        self,
        user: User,
        content: bytes | None = None,
        *,
        files: Sequence[CredentialFile] = (),
        tool: str = "demo",
    ) -> CredentialId:
        """A credential that a sign-in of this user brought; ``files``, of another tool than the demo's."""
        session = SessionRecord(
            session_id=SessionId(f"s-{next(self.numbers)}"),
            user_id=user.user_id,
            provider=tool,
            status=SessionStatus.AUTHENTICATING,
            created_at=NOW,
        )
        sessions = DbSessions(self.database)
        await sessions.add(session)
        handed_over = Credential(files=list(files) or brought(content or login()))
        record = self.credentials.seal(self.providers[tool], user.user_id, session.session_id, handed_over)
        await sessions.complete(session.session_id, record, seen=session.status, at=NOW)
        return record.credential_id

    async def content(self, user: User, credential_id: CredentialId) -> bytes:
        """What is in the vault."""
        _, opened = await self.credentials.export(user, credential_id)
        return base64.b64decode(opened.files[0].content)

    @unbroken
    async def as_the_first_release(self, user: User, key: Path) -> CredentialId:
        """A credential that the key of this file seals itself, without an envelope."""
        credential_id = await self.sealed(user)
        opened = self.credentials.open(await self.rows.get(credential_id)).encode()
        nonce, bound = os.urandom(12), b"\x01" + credential_id.encode()
        cipher = AESGCM(await asyncio.to_thread(key.read_bytes))
        await self.spoil(
            credential_id, sealed=b"\x01" + nonce + cipher.encrypt(nonce, opened, bound), key_id=None
        )
        return credential_id

    @unbroken
    async def spoil(self, credential_id: CredentialId, **columns: object) -> None:
        """Write past every rule."""
        one = schema.credentials.c.credential_id == credential_id
        async with self.database.write() as connection:
            await connection.execute(schema.credentials.update().where(one).values(**columns))

    async def contents(self, sealer: Sealer, ids: Sequence[CredentialId]) -> list[bytes]:
        """What is in the vault, opened by this sealer's keys alone."""
        credentials = Credentials(rows=self.rows, sealer=sealer, clock=self.clock, random=os.urandom)
        return [base64.b64decode(credentials.open(await self.rows.get(one)).files[0].content) for one in ids]


@asynccontextmanager
async def open_vault_lab(
    database: Database | None = None, ring: KeyRing | None = None
) -> AsyncIterator[VaultLab]:
    """On ``database``, which is closed with it; else on one in memory."""
    database = database or Database.in_memory()
    await migrate(database)
    numbers = itertools.count(1)

    def random(size: int) -> bytes:
        return next(numbers).to_bytes(size, "big")

    clock, rows = SetClock(), DbCredentials(database)
    known = providers.load([find_resources().providers])
    vault = await open_vault(ring or given_ring(b"k"), database)
    credentials = Credentials(rows=rows, sealer=vault.sealer, clock=clock, random=random)
    custodian = Custodian(credentials=credentials, rows=rows, providers=known, clock=clock)
    try:
        yield VaultLab(
            database=database,
            rows=rows,
            credentials=credentials,
            custodian=custodian,
            rotation=vault.rotation,
            providers=known,
            clock=clock,
        )
    finally:
        await database.close()
