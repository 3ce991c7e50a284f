"""What any implementation of Warnings promises: each end of a credential is warned of once."""

from __future__ import annotations

import dataclasses

import pytest

from vestibule.core import holding
from vestibule.core.forecast import ExpiryWarning
from vestibule.core.records import CredentialRecord

from .conftest import Store, at, credential_of

pytestmark = pytest.mark.anyio


async def _ending(store: Store, number: int, seconds: float | None) -> CredentialRecord:
    session = await store.authenticating(number, await store.someone())
    end = None if seconds is None else at(seconds)
    credential = dataclasses.replace(credential_of(session, number), login_expires_at=end)
    await store.sessions.complete(session.session_id, credential, seen=session.status, at=at(9))
    return credential


def _warning(record: CredentialRecord, **changes: object) -> ExpiryWarning:
    assert record.login_expires_at is not None
    warning = ExpiryWarning(
        credential_id=record.credential_id,
        usable_until=record.login_expires_at,
        warned_at=at(100),
        next_attempt_at=at(200),
    )
    return dataclasses.replace(warning, **changes)  # type: ignore[arg-type]


async def test_what_ends_in_between_is_unwarned_the_next_to_end_first(store: Store) -> None:
    late, soon = await _ending(store, 1, 2000), await _ending(store, 2, 1500)
    for number, seconds in ((3, 1000), (4, 2001), (5, None)):
        await _ending(store, number, seconds)
    assert list(await store.warnings.unwarned(at(1000), at(2000))) == [soon, late]


async def test_what_was_warned_of_or_deleted_is_not_unwarned(store: Store) -> None:
    warned, gone = await _ending(store, 1, 1500), await _ending(store, 2, 1500)
    await store.warnings.add(_warning(warned))
    await store.credentials.move(gone, holding.revoke(gone), at=at(10))
    assert list(await store.warnings.unwarned(at(0), at(2000))) == []


async def test_a_warning_of_another_end_does_not_count(store: Store) -> None:
    record = await _ending(store, 1, 1500)
    await store.warnings.add(_warning(record, usable_until=at(1400)))
    assert list(await store.warnings.unwarned(at(0), at(2000))) == [record]


async def test_adding_again_changes_nothing(store: Store) -> None:
    warning = _warning(await _ending(store, 1, 1500))
    await store.warnings.add(warning)
    await store.warnings.add(dataclasses.replace(warning, next_attempt_at=at(1)))
    assert list(await store.warnings.undelivered(at(200))) == [warning]


async def test_what_is_due_is_undelivered_the_oldest_first(store: Store) -> None:
    first = _warning(await _ending(store, 1, 1500), warned_at=at(50))
    second = _warning(await _ending(store, 2, 1500))
    later = _warning(await _ending(store, 3, 1500), next_attempt_at=at(201))
    done = _warning(await _ending(store, 4, 1500), next_attempt_at=None)
    for warning in (second, later, done, first):
        await store.warnings.add(warning)
    assert list(await store.warnings.undelivered(at(200))) == [first, second]


async def test_what_became_of_an_attempt_is_stored(store: Store) -> None:
    warning = _warning(await _ending(store, 1, 1500))
    await store.warnings.add(warning)
    tried = dataclasses.replace(warning, attempts=1, next_attempt_at=at(300))
    await store.warnings.store(tried)
    assert list(await store.warnings.undelivered(at(299))) == []
    assert list(await store.warnings.undelivered(at(300))) == [tried]
    await store.warnings.store(dataclasses.replace(tried, next_attempt_at=None, delivered_at=at(300)))
    assert list(await store.warnings.undelivered(at(9999))) == []


async def test_a_dropped_one_is_gone_and_its_end_can_be_warned_of_again(store: Store) -> None:
    record = await _ending(store, 1, 1500)
    await store.warnings.add(_warning(record))
    for _ in range(2):
        await store.warnings.drop(_warning(record))
    assert list(await store.warnings.undelivered(at(9999))) == []
    assert list(await store.warnings.unwarned(at(0), at(2000))) == [record]
