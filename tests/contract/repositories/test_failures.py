"""Counts of ended sign-ins, and a user's newest failures, as a database has them."""

from __future__ import annotations

import datetime as dt

import pytest

from vestibule.core.failure_reports import Tally
from vestibule.core.ids import GoldenId
from vestibule.core.records import SessionRecord, User
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db.failures import DbFailures

from .conftest import Store, at

pytestmark = pytest.mark.anyio
S = SessionStatus
HOUR_S = 3600
HOUR = at(0).replace(minute=0, second=0, microsecond=0)
STEP = dt.timedelta(hours=1)


@pytest.fixture
def failures(store: Store) -> DbFailures:
    return DbFailures(store.database)


async def ended(
    store: Store,
    number: int,
    user: User,
    *,
    to: SessionStatus = S.FAILED,
    code: str | None = None,
    golden: str | None = None,
    seconds: float = 0,
) -> SessionRecord:
    session = await store.session(number, user)
    fields = {"error_code": code, "error_cause": code and f"It was {code}.", "golden_id": golden}
    return await store.sessions.advance(session.session_id, seen=S.STARTED, to=to, at=at(seconds), **fields)


async def test_alike_ends_of_an_hour_are_one_count(store: Store, failures: DbFailures) -> None:
    ann = await store.someone()
    await ended(store, 1, ann, code="a", golden="g-1")
    await ended(store, 2, ann, code="a", golden="g-1", seconds=60)
    await ended(store, 3, ann, code="a", golden="g-1", seconds=HOUR_S)
    await ended(store, 4, ann, code="a", golden="g-2")
    await ended(store, 5, ann, to=S.CANCELLED)
    await store.session(6, ann, provider="open")
    found = await failures.tallies(HOUR, STEP, None)
    assert Tally(hour=HOUR, status=S.FAILED, code="a", golden_id=GoldenId("g-1"), count=2) in found
    assert sorted(tally.count for tally in found) == [1, 1, 1, 2]


async def test_counts_can_be_of_one_user(store: Store, failures: DbFailures) -> None:
    ann, bob = await store.someone(), await store.user("bob")
    await ended(store, 1, ann, code="a")
    await ended(store, 2, bob, code="b")
    assert [tally.code for tally in await failures.tallies(HOUR, STEP, bob.user_id)] == ["b"]


async def test_what_ended_before_is_not_counted(store: Store, failures: DbFailures) -> None:
    await ended(store, 1, await store.someone(), code="a", seconds=5)
    assert await failures.tallies(HOUR + STEP, STEP, None) == []
    assert len(await failures.tallies(HOUR, STEP, None)) == 1


async def test_ends_of_a_longer_step_are_one_count_with_the_hour_of_the_newest(
    store: Store, failures: DbFailures
) -> None:
    ann = await store.someone()
    for number, hours in enumerate((0, 2, 3)):
        await ended(store, number, ann, code="a", seconds=hours * HOUR_S)
    found = await failures.tallies(HOUR, 3 * STEP, None)
    assert sorted((tally.hour, tally.count) for tally in found) == [
        (HOUR + 2 * STEP, 2),
        (HOUR + 3 * STEP, 1),
    ]


async def test_ends_of_a_user_who_is_gone_are_not_counted(store: Store, failures: DbFailures) -> None:
    ann, bob = await store.someone(), await store.user("bob")
    await ended(store, 1, ann, code="a")
    await ended(store, 2, bob, code="a")
    await store.accounts.remove_user(bob.user_id)
    assert [tally.count for tally in await failures.tallies(HOUR, STEP, None)] == [1]


async def test_the_newest_examples_of_each_reason_are_one_s_own(store: Store, failures: DbFailures) -> None:
    ann, bob = await store.someone(), await store.user("bob")
    for number in range(4):
        await ended(store, number, ann, code="a", seconds=number)
    await ended(store, 4, ann, to=S.TIMEOUT, code="b", seconds=9)
    await ended(store, 5, ann, seconds=1)
    await ended(store, 6, bob, code="a", seconds=99)
    await ended(store, 7, ann, to=S.CANCELLED)
    found = await failures.examples(at(-1), ann.user_id, 2)
    assert [(each.session_id, each.code) for each in found] == [
        ("s-4", "b"),
        ("s-3", "a"),
        ("s-2", "a"),
        ("s-5", "unnamed"),
    ]
    assert (found[1].cause, found[1].at, found[1].provider) == ("It was a.", at(3), "demo")
