"""Credentials: what is taken for one, who may open it, what is written down."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import itertools
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from vault_lab import given_ring

from vestibule.core.errors import Absent, MachineFailed, VaultTampered
from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.providers import CredentialFile as DeclaredFile
from vestibule.core.providers import Format, Provider
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
from vestibule.drivers.vault import Vault
from vestibule.services.credentials import Credentials
from vestibule.vaults import open_vault
from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, Credential, CredentialFile

pytestmark = pytest.mark.anyio

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
LATER = int(NOW.timestamp()) + 3600
LOGIN = {
    "access_token": "demo-at-fake",
    "refresh_token": "demo-rt-fake",
    "expires_at": LATER,
    "account": "ann",
}
SHIPPED = Path(__file__).parents[2] / "providers"


class FixedClock:
    def now(self) -> dt.datetime:
        return NOW


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def demo() -> Provider:
    return providers.load([SHIPPED])["demo"]


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    database = Database.in_memory()
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def credentials(database: Database) -> Credentials:
    numbers = itertools.count(1)

    def random(size: int) -> bytes:
        return next(numbers).to_bytes(size, "big")

    vault = await open_vault(given_ring(b"k"), database)
    return Credentials(rows=DbCredentials(database), sealer=vault.sealer, clock=FixedClock(), random=random)


def _handed_over(document: object, path: str = "~/.vestibule-demo/credentials.json") -> Credential:
    content = base64.b64encode(json.dumps(document).encode()).decode()
    return Credential(files=[CredentialFile(path=path, mode=0o777, content=content)])


async def _stored(database: Database, credentials: Credentials, demo: Provider) -> tuple[User, CredentialId]:
    ann = User(user_id=UserId("u-ann"), name="ann", created_at=NOW)
    await DbAccounts(database).add_user(ann)
    session = SessionRecord(
        session_id=SessionId("s-1"),
        user_id=ann.user_id,
        provider="demo",
        status=SessionStatus.AUTHENTICATING,
        created_at=NOW,
    )
    sessions = DbSessions(database)
    await sessions.add(session)
    record = credentials.seal(demo, ann.user_id, session.session_id, _handed_over(LOGIN))
    await sessions.complete(session.session_id, record, seen=session.status, at=NOW)
    return ann, record.credential_id


async def test_sealing_reads_expiry_and_account_and_hides_the_rest(
    credentials: Credentials, demo: Provider
) -> None:
    record = credentials.seal(demo, UserId("u-1"), SessionId("s-1"), _handed_over(LOGIN))
    assert (record.provider, record.account) == ("demo", "ann")
    assert record.expires_at == dt.datetime.fromtimestamp(LATER, dt.UTC)
    assert b"fake" not in record.sealed
    assert "sealed=" not in repr(record)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {**LOGIN, "access_token": ""},
        {**LOGIN, "refresh_token": None},
        {**LOGIN, "expires_at": int(NOW.timestamp()) - 1},
    ],
)
async def test_what_is_no_login_is_not_sealed(
    credentials: Credentials, demo: Provider, document: object
) -> None:
    with pytest.raises(MachineFailed) as refused:
        credentials.seal(demo, UserId("u-1"), SessionId("s-1"), _handed_over(document))
    assert refused.value.failure_code == "credential_invalid"
    assert "fake" not in str(refused.value)


@pytest.mark.parametrize("content", ["not base64!", "ä", None, 7])
async def test_what_is_not_base64_is_not_sealed(
    credentials: Credentials, demo: Provider, content: object
) -> None:
    raw = {"path": demo.credential.files[0].path, "mode": 0o600, "content": content}
    with pytest.raises(MachineFailed, match="base64"):
        credentials.seal(demo, UserId("u-1"), SessionId("s-1"), Credential.from_mapping({"files": [raw]}))


@pytest.mark.parametrize("path", ["~/elsewhere", "/home/person/.vestibule-demo/x.json", "", None, []])
async def test_a_file_that_the_provider_does_not_declare_is_not_sealed(
    credentials: Credentials, demo: Provider, path: object
) -> None:
    raw = [{"path": path, "mode": 0o600, "content": ""}]
    with pytest.raises(MachineFailed, match="is no file of it"):
        credentials.seal(demo, UserId("u-1"), SessionId("s-1"), Credential.from_mapping({"files": raw}))


async def test_what_was_sealed_as_one_file_still_opens(
    database: Database, credentials: Credentials, demo: Provider
) -> None:
    ann, credential_id = await _stored(database, credentials, demo)
    record = await credentials.owned(ann, credential_id)
    one_file = b'{"path": "~/x", "mode": 384, "content": "ZmFrZQ=="}'
    before = Vault(given_ring(b"k").keys, os.urandom).seal(one_file, context=credential_id)
    opened = credentials.open(dataclasses.replace(record, sealed=before.content, key_id=before.key_id))
    assert opened.files == [CredentialFile(path="~/x", mode=0o600, content="ZmFrZQ==")]


async def test_its_owner_gets_the_very_bytes_back_for_the_declared_place(
    database: Database, credentials: Credentials, demo: Provider
) -> None:
    ann, credential_id = await _stored(database, credentials, demo)
    record, opened = await credentials.export(ann, credential_id)
    assert record.credential_id == credential_id
    assert json.loads(base64.b64decode(opened.files[0].content)) == LOGIN
    assert [(file.path, file.mode) for file in opened.files] == [(demo.credential.files[0].path, 0o600)]


async def test_someone_elses_credential_is_as_absent_as_none(
    database: Database, credentials: Credentials, demo: Provider
) -> None:
    _, credential_id = await _stored(database, credentials, demo)
    bob = User(user_id=UserId("u-bob"), name="bob", created_at=NOW)
    texts = []
    for wanted in (credential_id, CredentialId("c-none")):
        with pytest.raises(Absent) as refused:
            await credentials.export(bob, wanted)
        texts.append((refused.value.cause.replace(wanted, "ID"), refused.value.remedy))
    assert texts[0] == texts[1]
    assert list(await credentials.list(bob)) == []


async def test_an_export_is_in_the_log_and_its_content_is_not(
    database: Database, credentials: Credentials, demo: Provider
) -> None:
    with capture_logs() as logs:
        ann, credential_id = await _stored(database, credentials, demo)
        await credentials.export(ann, credential_id)
    exported = [entry for entry in logs if entry["event"] == "Credential exported"]
    assert [(e["credential_id"], e["user_id"]) for e in exported] == [(credential_id, ann.user_id)]
    assert "fake" not in repr(logs)


@unbroken
async def test_a_changed_row_is_noticed(database: Database, credentials: Credentials, demo: Provider) -> None:
    ann, credential_id = await _stored(database, credentials, demo)
    async with database.write() as connection:
        await connection.execute(schema.credentials.update().values(sealed=b"\x01" + b"x" * 64))
    with pytest.raises(VaultTampered):
        await credentials.export(ann, credential_id)


async def test_what_does_not_fit_in_beside_the_login_is_not_kept(
    credentials: Credentials, demo: Provider
) -> None:
    beside = DeclaredFile(path="~/beside", format=Format.BINARY, optional=True)
    declared = dataclasses.replace(demo.credential, files=(*demo.credential.files, beside))
    large = base64.b64encode(b"x" * MAX_CREDENTIAL_BYTES).decode()
    brought = _handed_over(LOGIN)
    handed_over = Credential(
        files=[*brought.files, CredentialFile(path="~/beside", mode=0o600, content=large)]
    )
    tool = dataclasses.replace(demo, credential=declared)
    record = credentials.seal(tool, UserId("u-1"), SessionId("s-1"), handed_over)
    assert [file.path for file in credentials.open(record).files] == [brought.files[0].path]
