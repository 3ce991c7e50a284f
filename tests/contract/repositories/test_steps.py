"""What any implementation of Steps promises."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from vestibule.core.steps import MAX_STEPS, StepOutcome, StepRecord

from .conftest import Store, at

pytestmark = pytest.mark.anyio


def _step(subject: str, seconds: float, **fields: object) -> StepRecord:
    step = StepRecord(subject_id=subject, number=0, name="start", started_at=at(seconds))
    return dataclasses.replace(step, **fields)  # type: ignore[arg-type]


async def test_steps_are_numbered_by_subject_in_the_order_in_which_they_are_stored(store: Store) -> None:
    batch = [_step("s-1", 1), _step("s-2", 2), _step("s-1", 3)]
    assert list(await store.steps.store(batch)) == [1, 1, 2]
    assert list(await store.steps.store([_step("s-1", 4)])) == [3]
    read = await store.steps.of("s-1")
    assert [(step.number, step.started_at) for step in read] == [(1, at(1)), (2, at(3)), (3, at(4))]
    assert await store.steps.of("s-3") == []


async def test_a_step_that_ends_is_the_same_step(store: Store) -> None:
    await store.steps.store([_step("s-1", 1)])
    ended = _step("s-1", 1, number=1, ended_at=at(5), outcome=StepOutcome.FAILED, error_code="start_timeout")
    assert list(await store.steps.store([ended, _step("s-1", 6)])) == [1, 2]
    assert (await store.steps.of("s-1"))[0] == ended


async def test_a_subject_has_so_many_steps_and_no_more(store: Store) -> None:
    numbers = await store.steps.store([_step("s-1", second) for second in range(MAX_STEPS + 2)])
    assert list(numbers[-3:]) == [MAX_STEPS, 0, 0]
    assert len(await store.steps.of("s-1")) == MAX_STEPS
    assert list(await store.steps.store([_step("s-2", 1)])) == [1]


async def test_what_has_not_ended_is_lost_once(store: Store) -> None:
    done = _step("s-1", 1, ended_at=at(2), outcome=StepOutcome.DONE)
    await store.steps.store([done, _step("s-1", 3), _step("s-2", 4)])
    assert await store.steps.lose_open(at(60)) == 2
    assert await store.steps.lose_open(at(90)) == 0
    first, second = await store.steps.of("s-1")
    assert first == dataclasses.replace(done, number=1)
    assert (second.outcome, second.ended_at, second.error_code) == (StepOutcome.LOST, at(60), None)


async def test_writers_at_the_same_time_share_the_numbers(store: Store) -> None:
    stored = await asyncio.gather(*(store.steps.store([_step("s-1", second)]) for second in range(20)))
    assert sorted(number for (number,) in stored) == list(range(1, 21))
