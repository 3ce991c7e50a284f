"""Starts: from a machine's row to its own confirmation, whoever the steps belong to."""

from __future__ import annotations

import pytest

from vestibule.core.ids import UserId
from vestibule.core.records import User
from vestibule.core.steps import StepName, StepOutcome, StepRecord
from vestibule.drivers.db.start_times import DbStartTimes
from vestibule.services.start_times import StartRows

from .conftest import Store, at

pytestmark = pytest.mark.anyio


@pytest.fixture
def starts(store: Store) -> StartRows:
    return DbStartTimes(store.database)


async def confirmed(store: Store, subject: str, begun: float, ended: float, *, well: bool = True) -> None:
    step = StepRecord(
        subject_id=subject,
        number=0,
        name=StepName.CONFIRM,
        started_at=at(begun),
        ended_at=at(ended),
        outcome=StepOutcome.DONE if well else StepOutcome.FAILED,
    )
    await store.steps.store([step])


async def seconds(starts: StartRows, user: User | None = None, most: int = 10) -> list[float]:
    user_id: UserId | None = user.user_id if user else None
    return [round(start.seconds, 3) for start in await starts.starts(at(0), user_id, most)]


async def test_a_machine_of_its_own_and_one_of_a_session(store: Store, starts: StartRows) -> None:
    ann = await store.someone()
    session = await store.session(1, ann)
    await store.machine(1, ann, session_id=session.session_id)
    await store.machine(2, ann)
    await confirmed(store, "s-1", 1.5, 1.75)
    await confirmed(store, "vm-2", 3, 4)
    assert await seconds(starts) == [2.0, 0.75]


async def test_one_that_was_not_confirmed_has_no_start_time(store: Store, starts: StartRows) -> None:
    ann = await store.someone()
    await store.machine(1, ann)
    await store.machine(2, ann)
    await confirmed(store, "vm-1", 2, 3, well=False)
    assert await seconds(starts) == []


async def test_the_confirmation_of_a_machine_before_is_not_this_ones(store: Store, starts: StartRows) -> None:
    ann = await store.someone()
    session = await store.session(1, ann)
    await store.machine(5, ann, session_id=session.session_id)
    await confirmed(store, "s-1", 2, 3)
    await confirmed(store, "s-1", 6, 7)
    assert await seconds(starts) == [2.0]


async def test_the_newest_of_one_user_or_of_everybody(store: Store, starts: StartRows) -> None:
    ann, bob = await store.user("ann"), await store.user("bob")
    for number, user in ((1, ann), (2, bob), (3, ann)):
        await store.machine(number, user)
        await confirmed(store, f"vm-{number}", number + 1, 2 * number + 1)
    assert await seconds(starts) == [4.0, 3.0, 2.0]
    assert await seconds(starts, ann) == [4.0, 2.0]
    assert await seconds(starts, most=1) == [4.0]
