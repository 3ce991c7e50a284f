"""What any implementation of Accounts and Credentials promises."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from vestibule.core.errors import Absent, Conflict
from vestibule.core.ids import CredentialId, TokenId, UserId, VmId
from vestibule.core.records import ApiToken, User, ViewTicketRecord

from .conftest import T0, Store, at, credential_of

pytestmark = pytest.mark.anyio
HASH = b"h" * 32


async def test_users_are_found_by_id_and_by_name_oldest_first(store: Store) -> None:
    bob = await store.user("bob", at(1))
    ann = await store.user("ann", at(2))
    assert await store.accounts.user(ann.user_id) == await store.accounts.user_named("ann") == ann
    assert list(await store.accounts.users()) == [bob, ann]
    assert await store.accounts.first_user() == bob


async def test_a_user_that_is_not_there_is_absent(store: Store) -> None:
    with pytest.raises(Absent):
        await store.accounts.user(UserId("u-none"))
    with pytest.raises(Absent):
        await store.accounts.first_user()
    with pytest.raises(Absent):
        await store.accounts.user_named("none")


async def test_a_taken_name_is_refused(store: Store) -> None:
    ann = await store.user("ann")
    with pytest.raises(Conflict) as refused:
        await store.accounts.add_user(dataclasses.replace(ann, user_id=UserId("u-other")))
    assert refused.value.failure_code == "user_exists"


async def test_a_link_signs_in_once(store: Store) -> None:
    ann = await store.user("ann")
    await store.accounts.add_link(HASH, ann.user_id, at(900), T0)
    results = await asyncio.gather(*(store.accounts.consume_link(HASH, at(1)) for _ in range(5)))
    assert sorted(results, key=bool) == [None, None, None, None, ann]


async def test_a_link_ends_at_its_moment(store: Store) -> None:
    ann = await store.user("ann")
    await store.accounts.add_link(HASH, ann.user_id, at(900), T0)
    assert await store.accounts.consume_link(HASH, at(900)) is None
    assert await store.accounts.consume_link(HASH, at(899)) == ann


async def test_expired_links_are_dropped_when_one_is_added(store: Store) -> None:
    ann = await store.user("ann")
    await store.accounts.add_link(HASH, ann.user_id, at(10), T0)
    await store.accounts.add_link(b"o" * 32, ann.user_id, at(900), at(11))
    assert await store.accounts.consume_link(HASH, at(5)) is None
    assert await store.accounts.consume_link(b"o" * 32, at(12)) == ann


def _token(number: int, user: User) -> ApiToken:
    return ApiToken(
        token_id=TokenId(f"t-{number}"),
        user_id=user.user_id,
        label="ci",
        secret_hash=bytes([number]) * 32,
        created_at=at(number),
    )


async def test_a_token_is_its_users_until_it_is_deleted(store: Store) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    first, second = _token(1, ann), _token(2, ann)
    for token in (second, first):
        await store.accounts.add_token(token)
    assert list(await store.accounts.tokens(ann.user_id)) == [first, second]
    assert await store.accounts.user_of_token(first.secret_hash) == ann
    with pytest.raises(Absent):
        await store.accounts.delete_token(bob.user_id, first.token_id)
    await store.accounts.delete_token(ann.user_id, first.token_id)
    assert await store.accounts.user_of_token(first.secret_hash) is None
    assert await store.accounts.user_of_token(second.secret_hash) == ann


async def _ticket(store: Store, user: User, vm_id: VmId) -> ViewTicketRecord:
    ticket = ViewTicketRecord(secret_hash=HASH, vm_id=vm_id, user_id=user.user_id, expires_at=at(30))
    await store.accounts.add_ticket(ticket, T0)
    return ticket


async def test_a_ticket_opens_its_machine_once(store: Store) -> None:
    ann = await store.user("ann")
    machine, other = await store.machine(1, ann), await store.machine(2, ann)
    ticket = await _ticket(store, ann, machine.vm_id)
    assert await store.accounts.consume_ticket(HASH, other.vm_id, at(1)) is None
    taken = await asyncio.gather(
        *(store.accounts.consume_ticket(HASH, machine.vm_id, at(1)) for _ in range(5))
    )
    assert [t for t in taken if t] == [ticket]


async def test_a_ticket_ends_at_its_moment_and_is_dropped_later(store: Store) -> None:
    ann = await store.user("ann")
    machine = await store.machine(1, ann)
    await _ticket(store, ann, machine.vm_id)
    assert await store.accounts.consume_ticket(HASH, machine.vm_id, at(30)) is None
    later = ViewTicketRecord(
        secret_hash=b"o" * 32, vm_id=machine.vm_id, user_id=ann.user_id, expires_at=at(90)
    )
    await store.accounts.add_ticket(later, at(60))
    assert await store.accounts.consume_ticket(HASH, machine.vm_id, at(1)) is None


async def test_credentials_come_newest_first_and_are_only_their_users(store: Store) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    for number, user in ((10, ann), (20, ann), (30, bob)):
        session = await store.authenticating(number, user)
        credential = credential_of(session, number)
        await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(number + 9))
    assert [c.credential_id for c in await store.credentials.of_user(ann.user_id)] == ["c-20", "c-10"]
    with pytest.raises(Absent):
        await store.credentials.get(CredentialId("c-none"))


async def test_a_user_is_removed_with_sessions_machines_links_and_tokens(store: Store) -> None:
    ann, bob = await store.user("ann", at(1)), await store.user("bob", at(2))
    await store.accounts.add_link(HASH, bob.user_id, at(900), T0)
    await store.accounts.remove_user(bob.user_id)
    assert list(await store.accounts.users()) == [ann]
    assert await store.accounts.consume_link(HASH, at(1)) is None
    with pytest.raises(Absent):
        await store.accounts.remove_user(bob.user_id)


async def test_a_user_with_an_open_session_is_kept_whole(store: Store) -> None:
    bob = await store.user("bob")
    session = await store.session(1, bob)
    with pytest.raises(Conflict, match=session.session_id) as busy:
        await store.accounts.remove_user(bob.user_id)
    assert busy.value.failure_code == "user_busy"
    assert await store.accounts.user(bob.user_id) == bob
