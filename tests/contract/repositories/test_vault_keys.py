"""What any implementation of VaultKeys promises, and Credentials of the keys that rows are sealed under."""

from __future__ import annotations

import dataclasses

import pytest

from vestibule.core import holding
from vestibule.core.errors import Conflict
from vestibule.core.ids import KeyId
from vestibule.core.records import CredentialRecord, Sealed

from .conftest import Store, at, credential_of

pytestmark = pytest.mark.anyio

OLD, NEW = KeyId("0" * 16), KeyId("1" * 16)
AGAIN = Sealed(key_id=NEW, content=b"\x02wrapped anew")


async def _sealed(store: Store, key_id: KeyId | None = OLD, number: int = 1) -> CredentialRecord:
    for admitted in (OLD, NEW):
        await store.vault_keys.admit(admitted)
    session = await store.authenticating(number, await store.someone())
    credential = dataclasses.replace(credential_of(session, number), key_id=key_id)
    await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    return credential


async def test_a_row_is_stored_under_an_admitted_key_alone(store: Store) -> None:
    session = await store.authenticating(1, await store.someone())
    credential = dataclasses.replace(credential_of(session), key_id=OLD)
    with pytest.raises(Conflict) as refused:
        await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    assert refused.value.failure_code == "vault_key_retired"
    assert await store.sessions.get(session.session_id) == session


async def test_the_keys_that_rows_need_are_named_once_each(store: Store) -> None:
    assert await store.vault_keys.needed() == frozenset()
    for number, key_id in enumerate((OLD, OLD, None), start=1):
        await _sealed(store, key_id, number)
    assert await store.vault_keys.needed() == {OLD, None}


async def test_wrapping_anew_changes_content_and_key_and_nothing_else(store: Store) -> None:
    record = await _sealed(store)
    assert await store.credentials.rewrap(record, AGAIN)
    wanted = dataclasses.replace(record, sealed=AGAIN.content, key_id=NEW)
    assert await store.credentials.get(record.credential_id) == wanted
    assert len(await store.credentials.history(record.credential_id)) == 1


async def test_a_row_that_was_checked_out_meanwhile_is_wrapped_anew_and_stays_out(store: Store) -> None:
    record = await _sealed(store)
    await store.credentials.move(record, holding.check_out(record, "laptop", at(10)), at=at(10))
    assert await store.credentials.rewrap(record, AGAIN)
    now = await store.credentials.get(record.credential_id)
    assert (now.holder, now.key_id) == ("laptop", NEW)


async def test_a_move_that_was_decided_before_leaves_the_new_wrapping(store: Store) -> None:
    record = await _sealed(store)
    await store.credentials.rewrap(record, AGAIN)
    moved = await store.credentials.move(record, holding.check_out(record, "laptop", at(10)), at=at(10))
    assert (moved.sealed, moved.key_id) == (AGAIN.content, NEW)


async def test_a_refreshed_content_is_stored_with_its_own_key_though_the_row_has_another(
    store: Store,
) -> None:
    record = await _sealed(store)
    out = await store.credentials.move(record, holding.check_out(record, "laptop", at(10)), at=at(10))
    await store.credentials.rewrap(out, AGAIN)
    refreshed = dataclasses.replace(holding.give_back(out, "laptop"), sealed=b"\x02newer")  # under OLD
    moved = await store.credentials.move(out, refreshed, at=at(11))
    assert (moved.sealed, moved.key_id) == (b"\x02newer", OLD)


async def test_a_content_that_is_another_meanwhile_is_not_overwritten(store: Store) -> None:
    record = await _sealed(store)
    out = await store.credentials.move(record, holding.check_out(record, "laptop", at(10)), at=at(10))
    refreshed = dataclasses.replace(holding.give_back(out, "laptop"), sealed=b"\x02newer")
    await store.credentials.move(out, refreshed, at=at(11))
    assert not await store.credentials.rewrap(record, AGAIN)
    assert (await store.credentials.get(record.credential_id)).sealed == b"\x02newer"


async def test_a_deleted_one_needs_no_key_and_is_never_filled_again(store: Store) -> None:
    record = await _sealed(store)
    gone = await store.credentials.move(record, holding.revoke(record), at=at(10))
    assert (gone.key_id, await store.vault_keys.needed()) == (None, frozenset())
    assert not await store.credentials.rewrap(record, AGAIN)
    assert await store.vault_keys.not_under(NEW) == []


async def test_what_is_not_under_a_key_is_listed_in_a_stable_order(store: Store) -> None:
    for number, key_id in ((3, OLD), (1, None), (2, NEW)):
        await _sealed(store, key_id, number)
    assert list(await store.vault_keys.not_under(NEW)) == ["c-1", "c-3"]


async def test_a_key_that_a_row_needs_is_not_retired(store: Store) -> None:
    record = await _sealed(store)
    assert not await store.vault_keys.retire(OLD)
    await store.credentials.rewrap(record, AGAIN)
    assert await store.vault_keys.retire(OLD)


async def test_no_key_is_retired_while_a_row_names_none(store: Store) -> None:
    record = await _sealed(store, None)
    assert not await store.vault_keys.retire(OLD)
    await store.credentials.rewrap(record, AGAIN)
    assert await store.vault_keys.retire(OLD)


async def test_nothing_can_be_stored_under_a_retired_key(store: Store) -> None:
    record = await _sealed(store, NEW)
    assert await store.vault_keys.retire(OLD)
    out = await store.credentials.move(record, holding.check_out(record, "laptop", at(10)), at=at(10))
    refreshed = dataclasses.replace(holding.give_back(out, "laptop"), sealed=b"\x02newer", key_id=OLD)
    with pytest.raises(Conflict, match="vault_key_retired"):
        await store.credentials.move(out, refreshed, at=at(11))
    with pytest.raises(Conflict, match="vault_key_retired"):
        await store.credentials.rewrap(out, Sealed(key_id=OLD, content=b"\x02newer"))
    assert await store.credentials.get(record.credential_id) == out


async def test_admitting_and_retiring_are_idempotent(store: Store) -> None:
    for _ in range(2):
        await store.vault_keys.admit(OLD)
    for _ in range(2):
        assert await store.vault_keys.retire(OLD)
