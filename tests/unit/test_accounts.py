"""Accounts: who a secret proves, for how long, and that the database learns none of them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from vestibule.core.errors import Absent, BadInput, Conflict, NotAllowed
from vestibule.core.ids import GoldenId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.records import User
from vestibule.drivers.db import schema
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.migrate import migrate
from vestibule.drivers.db.unbroken import unbroken
from vestibule.services.accounts import COOKIE_LIFE, LINK_LIFE, TICKET_LIFE, Accounts, Link, NewToken, Ticket

pytestmark = pytest.mark.anyio

SECOND = dt.timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.moment = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.moment


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    database = Database.in_memory()
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _accounts(database: Database, clock: Clock, cookie_key: bytes = b"c" * 32) -> Accounts:
    numbers = itertools.count(1)
    return Accounts(
        rows=DbAccounts(database),
        clock=clock,
        random=lambda size: next(numbers).to_bytes(size, "big"),
        cookie_key=cookie_key,
    )


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return _accounts(database, clock)


@pytest.mark.parametrize("name", ["", "Ann", "-ann", "a b", "a" * 64, "ann\n", "änn", "../x"])
async def test_a_name_that_is_none_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(BadInput) as refused:
        await accounts.add_user(name)
    assert refused.value.failure_code == "user_name_invalid"


async def test_a_name_is_taken_once(accounts: Accounts) -> None:
    ann = await accounts.add_user("ann")
    with pytest.raises(Conflict):
        await accounts.add_user("ann")
    assert await accounts.user_named("ann") == ann
    assert list(await accounts.users()) == [ann]


async def test_the_first_user_runs_the_controller_and_nobody_else(accounts: Accounts, clock: Clock) -> None:
    ann = await accounts.add_user("ann")
    clock.moment += SECOND
    bob = await accounts.add_user("bob")
    await accounts.require_operator(ann)
    with pytest.raises(NotAllowed) as refused:
        await accounts.require_operator(bob)
    assert refused.value.failure_code == "operator_only"


async def test_the_operator_is_the_first_user_and_nobody_before(
    accounts: Accounts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await accounts.operator_id() is None
    ann = await accounts.add_user("ann")
    clock.moment += SECOND
    await accounts.add_user("bob")
    monkeypatch.setattr(accounts._rows, "users", None)  # not all are read for it
    assert await accounts.operator_id() == ann.user_id


async def test_who_runs_the_controller_is_read_once_for_a_refusal(
    accounts: Accounts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await accounts.add_user("ann")
    clock.moment += SECOND
    bob, reads, first = await accounts.add_user("bob"), list[None](), accounts._rows.first_user

    async def counted() -> User:
        reads.append(None)
        return await first()

    monkeypatch.setattr(accounts._rows, "first_user", counted)
    with pytest.raises(NotAllowed, match="Only ann, who runs this controller, may do this"):
        await accounts.require_operator(bob)
    assert len(reads) == 1


async def test_a_link_signs_in_once(accounts: Accounts) -> None:
    ann = await accounts.add_user("ann")
    link = await accounts.issue_link(ann)
    assert await accounts.redeem_link(link.secret) == ann
    assert await accounts.redeem_link(link.secret) is None
    assert await accounts.redeem_link("guess") is None


async def test_a_link_ends_after_fifteen_minutes(accounts: Accounts, clock: Clock) -> None:
    ann = await accounts.add_user("ann")
    early, late = await accounts.issue_link(ann), await accounts.issue_link(ann)
    assert early.expires_at == clock.moment + dt.timedelta(minutes=15)
    clock.moment += LINK_LIFE - SECOND
    assert await accounts.redeem_link(early.secret) == ann
    clock.moment += SECOND
    assert await accounts.redeem_link(late.secret) is None


async def test_a_cookie_is_its_user_for_thirty_days(accounts: Accounts, clock: Clock) -> None:
    ann = await accounts.add_user("ann")
    cookie = accounts.cookie(ann)
    clock.moment += COOKIE_LIFE
    assert await accounts.authenticate(cookie=cookie, bearer=None) == ann
    clock.moment += SECOND
    assert await accounts.authenticate(cookie=cookie, bearer=None) is None


async def test_a_cookie_that_was_changed_is_nobody(accounts: Accounts) -> None:
    ann = await accounts.add_user("ann")
    cookie = accounts.cookie(ann)
    for index, sign in enumerate(cookie):
        changed = cookie[:index] + ("A" if sign != "A" else "B") + cookie[index + 1 :]
        if index < len(cookie) - 1:  # the last digit of base64 has bits that mean nothing
            assert await accounts.authenticate(cookie=changed, bearer=None) is None


async def test_a_cookie_signed_with_another_key_is_nobody(
    accounts: Accounts, database: Database, clock: Clock
) -> None:
    ann = await accounts.add_user("ann")
    forged = _accounts(database, clock, b"o" * 32).cookie(ann)
    assert await accounts.authenticate(cookie=forged, bearer=None) is None


@unbroken
async def test_a_cookie_of_a_user_who_is_gone_is_nobody(accounts: Accounts, database: Database) -> None:
    cookie = accounts.cookie(await accounts.add_user("ann"))
    async with database.write() as connection:
        await connection.execute(schema.users.delete())
    assert await accounts.authenticate(cookie=cookie, bearer=None) is None


async def test_who_brings_nothing_is_nobody(accounts: Accounts) -> None:
    await accounts.add_user("ann")
    assert await accounts.authenticate(cookie=None, bearer=None) is None
    assert await accounts.authenticate(cookie="", bearer=None) is None


async def test_a_token_is_its_user_until_it_is_revoked(accounts: Accounts) -> None:
    ann = await accounts.add_user("ann")
    issued = await accounts.issue_token(ann, "ci")
    assert issued.secret.startswith("vst_")
    assert await accounts.authenticate(cookie=None, bearer=issued.secret) == ann
    assert list(await accounts.tokens(ann)) == [issued.token]
    await accounts.revoke_token(ann, issued.token.token_id)
    assert await accounts.authenticate(cookie=None, bearer=issued.secret) is None


async def test_nobody_revokes_anothers_token(accounts: Accounts) -> None:
    ann, bob = await accounts.add_user("ann"), await accounts.add_user("bob")
    issued = await accounts.issue_token(ann, "ci")
    with pytest.raises(Absent):
        await accounts.revoke_token(bob, issued.token.token_id)
    assert await accounts.authenticate(cookie=None, bearer=issued.secret) == ann


async def test_a_wrong_token_is_not_saved_by_a_cookie(accounts: Accounts) -> None:
    cookie = accounts.cookie(await accounts.add_user("ann"))
    assert await accounts.authenticate(cookie=cookie, bearer="vst_wrong") is None


@pytest.mark.parametrize("label", ["", "x" * 65])
async def test_a_tokens_label_has_a_length(accounts: Accounts, label: str) -> None:
    with pytest.raises(BadInput):
        await accounts.issue_token(await accounts.add_user("ann"), label)


async def _machine(database: Database, user_id: UserId, vm_id: VmId, address: str) -> None:
    machine = MachineRecord(
        vm_id=vm_id,
        user_id=user_id,
        session_id=None,
        type=MachineType.BROWSER,
        driver=DriverName.CONTAINER,
        isolation=Isolation.CONTAINER,
        status=MachineStatus.RUNNING,
        vm_ip=address,
        golden_id=GoldenId("g-1"),
        agent_build=None,
        host="here",
        pid=None,
        pid_started=None,
        error_code=None,
        error_cause=None,
        created_at=dt.datetime(2026, 11, 22, tzinfo=dt.UTC),
        running_at=None,
        ended_at=None,
    )
    await DbMachines(database).add(machine)


async def test_a_ticket_opens_one_view_of_one_machine(
    accounts: Accounts, database: Database, clock: Clock
) -> None:
    ann = await accounts.add_user("ann")
    await _machine(database, ann.user_id, VmId("vm-1"), "192.168.100.2")
    await _machine(database, ann.user_id, VmId("vm-2"), "192.168.100.3")
    ticket = await accounts.issue_ticket(ann, VmId("vm-1"))
    late = await accounts.issue_ticket(ann, VmId("vm-1"))
    assert ticket.expires_at - clock.moment <= dt.timedelta(seconds=30)
    assert await accounts.redeem_ticket(ticket.secret, VmId("vm-2")) is None
    assert await accounts.redeem_ticket(ticket.secret, VmId("vm-1")) == ann.user_id
    assert await accounts.redeem_ticket(ticket.secret, VmId("vm-1")) is None
    clock.moment += TICKET_LIFE
    assert await accounts.redeem_ticket(late.secret, VmId("vm-1")) is None


async def test_no_secret_is_in_the_database_or_in_a_repr(accounts: Accounts, database: Database) -> None:
    ann = await accounts.add_user("ann")
    await _machine(database, ann.user_id, VmId("vm-1"), "192.168.100.2")
    issued: list[Link | NewToken | Ticket] = [
        await accounts.issue_link(ann),
        await accounts.issue_token(ann, "ci"),
        await accounts.issue_ticket(ann, VmId("vm-1")),
    ]
    stored = ""
    async with database.read() as connection:
        for table in schema.metadata.sorted_tables:
            stored += repr((await connection.execute(sa.select(table))).all())
    for item in issued:
        assert item.secret.removeprefix("vst_") not in stored + repr(item)
