"""What any implementation of Credentials promises: custody moves once, along its table, with its history."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools

import pytest
from sqlalchemy.exc import IntegrityError

from vestibule.core import holding
from vestibule.core.custody import TRANSITIONS, Custody
from vestibule.core.errors import Absent, Conflict
from vestibule.core.ids import CredentialId, UserId
from vestibule.core.records import CredentialRecord

from .conftest import Store, at, credential_of

pytestmark = pytest.mark.anyio
C = Custody


async def _sealed(store: Store, number: int = 1) -> CredentialRecord:
    session = await store.authenticating(number, await store.someone())
    credential = credential_of(session, number)
    await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    return credential


async def _move_to(store: Store, record: CredentialRecord, custody: Custody) -> CredentialRecord:
    """Along the table by the shortest way."""
    out = holding.check_out(record, "laptop", at(10))
    match custody:
        case C.SEALED:
            return record
        case C.CHECKED_OUT:
            return await store.credentials.move(record, out, at=at(10))
        case C.RETURNED:
            held = await store.credentials.move(record, out, at=at(10))
            return await store.credentials.move(held, holding.give_back(held, "laptop"), at=at(11))
        case C.REVOKED:
            return await store.credentials.move(record, holding.revoke(record), at=at(10))


async def test_what_is_sealed_begins_its_history(store: Store) -> None:
    record = await _sealed(store)
    (first,) = await store.credentials.history(record.credential_id)
    assert (first.seq, first.custody, first.holder, first.at) == (0, C.SEALED, None, record.sealed_at)
    assert await store.credentials.history(CredentialId("c-none")) == []


async def test_a_move_is_read_back_and_kept_in_the_history(store: Store) -> None:
    record = await _sealed(store)
    held = await _move_to(store, record, C.CHECKED_OUT)
    assert (held.custody, held.holder, held.held_since, held.seq) == (C.CHECKED_OUT, "laptop", at(10), 1)
    assert await store.credentials.get(record.credential_id) == held
    back = await store.credentials.move(held, holding.give_back(held, "laptop"), at=at(12))
    assert (back.custody, back.holder, back.held_since, back.seq) == (C.RETURNED, None, None, 2)
    history = await store.credentials.history(record.credential_id)
    assert [(one.custody, one.holder, one.at) for one in history[1:]] == [
        (C.CHECKED_OUT, "laptop", at(10)),
        (C.RETURNED, "laptop", at(12)),
    ]


@pytest.mark.parametrize(("seen", "to"), list(itertools.product(C, C)))
async def test_custody_goes_along_its_table_alone(store: Store, seen: Custody, to: Custody) -> None:
    record = await _move_to(store, await _sealed(store), seen)
    holder = ("desk", at(20)) if to is C.CHECKED_OUT else (None, None)
    wanted = dataclasses.replace(
        record, custody=to, holder=holder[0], held_since=holder[1], seq=record.seq + 1
    )
    history = await store.credentials.history(record.credential_id)
    if to in TRANSITIONS[seen]:
        assert await store.credentials.move(record, wanted, at=at(20)) == wanted
        return
    with pytest.raises(Conflict) as refused:
        await store.credentials.move(record, wanted, at=at(20))
    assert (refused.value.failure_code, refused.value.evidence["status"]) == ("state_changed", seen)
    assert await store.credentials.get(record.credential_id) == record
    assert await store.credentials.history(record.credential_id) == history


async def test_of_100_concurrent_moves_exactly_one_wins(store: Store) -> None:
    record = await _sealed(store)
    names = [f"holder-{number}" for number in range(100)]
    done = await asyncio.gather(
        *(
            store.credentials.move(record, holding.check_out(record, name, at(10)), at=at(10))
            for name in names
        ),
        return_exceptions=True,
    )
    (winner,) = [one for one in done if isinstance(one, CredentialRecord)]
    lost = [one for one in done if isinstance(one, Conflict)]
    assert [one.failure_code for one in lost] == ["state_changed"] * 99
    assert await store.credentials.get(record.credential_id) == winner
    assert [one.holder for one in await store.credentials.history(record.credential_id)] == [
        None,
        winner.holder,
    ]


async def test_a_row_that_moved_and_came_back_is_not_the_one_that_was_read(store: Store) -> None:
    record = await _sealed(store)
    first = await _move_to(store, record, C.CHECKED_OUT)
    back = await store.credentials.move(first, holding.give_back(first, "laptop"), at=at(11))
    await store.credentials.move(back, holding.check_out(back, "laptop", at(12)), at=at(12))
    with pytest.raises(Conflict, match="state_changed"):
        await store.credentials.move(first, holding.give_back(first, "laptop"), at=at(13))


async def test_new_content_is_stored_with_the_move_that_brings_it(store: Store) -> None:
    held = await _move_to(store, await _sealed(store), C.CHECKED_OUT)
    newer = {
        "sealed": b"\x01newer",
        "sealed_at": at(30),
        "expires_at": at(7200),
        "account": "new@example.test",
    }
    wanted = dataclasses.replace(holding.give_back(held, "laptop"), **newer)  # type: ignore[arg-type]
    assert await store.credentials.move(held, wanted, at=at(30)) == wanted
    assert await store.credentials.get(held.credential_id) == wanted


async def test_a_revoked_one_is_in_no_list_and_its_history_stays(store: Store) -> None:
    record = await _sealed(store)
    other = await _sealed(store, 2)
    gone = await _move_to(store, record, C.REVOKED)
    assert gone.sealed == b""
    assert list(await store.credentials.of_user(record.user_id)) == [other]
    assert (await store.credentials.get(record.credential_id)).custody is C.REVOKED
    assert [one.custody for one in await store.credentials.history(record.credential_id)] == [
        C.SEALED,
        C.REVOKED,
    ]
    assert (await store.sessions.get(record.session_id)).credential_id == record.credential_id


async def test_a_credential_that_is_not_there_cannot_be_moved(store: Store) -> None:
    record = await _sealed(store)
    none = dataclasses.replace(record, credential_id=CredentialId("c-none"))
    with pytest.raises(Absent):
        await store.credentials.move(none, holding.check_out(none, "laptop", at(10)), at=at(10))


async def test_whose_it_is_never_changes(store: Store) -> None:
    record = await _sealed(store)
    stolen = dataclasses.replace(holding.check_out(record, "laptop", at(10)), user_id=UserId("u-bob"))
    with pytest.raises(TypeError, match="user_id"):
        await store.credentials.move(record, stolen, at=at(10))


async def test_the_database_itself_wants_a_holder_for_what_is_checked_out(store: Store) -> None:
    record = await _sealed(store)
    nobody = dataclasses.replace(holding.check_out(record, "laptop", at(10)), holder=None)
    with pytest.raises(IntegrityError, match="ck_credentials_one_holder"):
        await store.credentials.move(record, nobody, at=at(10))
