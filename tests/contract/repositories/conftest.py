"""Every claim about the repositories is made of a database in memory and of one in a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vestibule.core.ids import CredentialId, GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.records import CredentialRecord, SessionRecord, User
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.migrate import migrate, open_database
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.db.steps import DbSteps
from vestibule.drivers.db.vault_keys import DbVaultKeys
from vestibule.drivers.db.view_links import DbViewLinks
from vestibule.drivers.db.warnings import DbWarnings
from vestibule.services import repositories

T0 = dt.datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Store:
    """The repositories on one database, typed as the services see them, with rows to start from."""

    def __init__(self, database: Database) -> None:
        self.database = database
        db_sessions = DbSessions(database)
        self.sessions: repositories.Sessions = db_sessions
        self.pair: repositories.SessionsWithMachine = db_sessions
        self.machines: repositories.Machines = DbMachines(database)
        self.credentials: repositories.Credentials = DbCredentials(database)
        self.vault_keys: repositories.VaultKeys = DbVaultKeys(database)
        self.warnings: repositories.Warnings = DbWarnings(database)
        self.steps: repositories.Steps = DbSteps(database)
        self.accounts: repositories.Accounts = DbAccounts(database)
        self.view_links: repositories.ViewLinks = DbViewLinks(database)

    async def user(self, name: str, created_at: dt.datetime = T0) -> User:
        user = User(user_id=UserId(f"u-{name}"), name=name, created_at=created_at)
        await self.accounts.add_user(user)
        return user

    async def someone(self) -> User:
        """The first user, made when there is none."""
        users = await self.accounts.users()
        return users[0] if users else await self.user("ann")

    async def session(self, number: int, user: User, provider: str = "demo") -> SessionRecord:
        session = SessionRecord(
            session_id=SessionId(f"s-{number}"),
            user_id=user.user_id,
            provider=provider,
            status=SessionStatus.STARTED,
            created_at=at(number),
        )
        await self.sessions.add(session)
        return session

    async def machine(
        self,
        number: int,
        user: User,
        *,
        address: str | None = None,
        session_id: SessionId | None = None,
        created_at: dt.datetime | None = None,
        golden_id: GoldenId = GoldenId("g-1"),  # noqa: B008 (a constant)
    ) -> MachineRecord:
        machine = MachineRecord(
            vm_id=VmId(f"vm-{number}"),
            user_id=user.user_id,
            session_id=session_id,
            type=MachineType.BROWSER,
            driver=DriverName.CONTAINER,
            isolation=Isolation.CONTAINER,
            status=MachineStatus.CREATING,
            vm_ip=address or f"192.168.100.{number}",
            golden_id=golden_id,
            agent_build=None,
            host="here",
            pid=None,
            pid_started=None,
            error_code=None,
            error_cause=None,
            created_at=created_at or at(number),
            running_at=None,
            ended_at=None,
        )
        await self.machines.add(machine)
        return machine

    async def authenticating(self, number: int, user: User) -> SessionRecord:
        session = await self.session(number, user)
        steps = (SessionStatus.VM_CREATED, SessionStatus.READY, SessionStatus.AUTHENTICATING)
        for offset, to in enumerate(steps, start=1):
            session = await self.sessions.advance(
                session.session_id, seen=session.status, to=to, at=at(number + offset)
            )
        return session


def credential_of(session: SessionRecord, number: int = 1) -> CredentialRecord:
    return CredentialRecord(
        credential_id=CredentialId(f"c-{number}"),
        user_id=session.user_id,
        session_id=session.session_id,
        provider=session.provider,
        account="demo@example.test",
        expires_at=at(3600),
        sealed=b"\x01sealed\x00bytes",
        sealed_at=at(number),
    )


@pytest.fixture(params=["memory", "file"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        database = Database.in_memory()
        await migrate(database)
    else:
        database = await open_database(tmp_path / "vestibule.db")
    try:
        yield Store(database)
    finally:
        await database.close()
