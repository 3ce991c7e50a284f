"""Readings: each part at most as often as it says; one that breaks is named and takes no other along."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from vestibule.core.metrics import GOLDEN_AGE, MACHINES_LIMIT, UNREAD, Sample
from vestibule.services import readings
from vestibule.services.readings import Part, Readings

pytestmark = pytest.mark.anyio


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.hangs = False

    async def read(self) -> Sequence[Sample]:
        self.asked += 1
        await asyncio.sleep(3600 if self.hangs else 0)
        if self.error is not None:
            raise self.error
        return [Sample(metric=GOLDEN_AGE, value=self.asked)]


class Time:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def source() -> Source:
    return Source()


def age(samples: Sequence[Sample]) -> float | None:
    return next((sample.value for sample in samples if sample.metric is GOLDEN_AGE), None)


def unread(samples: Sequence[Sample]) -> dict[str, float]:
    return {sample.labels[0]: sample.value for sample in samples if sample.metric is UNREAD}


async def test_within_its_time_a_part_is_read_once(source: Source) -> None:
    time = Time()
    read = Readings([Part(name="x", read=source.read, fresh_s=10)], time)
    assert [age(found) for found in await asyncio.gather(read.now(), read.now())] == [1, 1]
    time.now_s = 9.9
    assert age(await read.now()) == 1
    time.now_s = 10
    assert age(await read.now()) == 2


async def test_a_part_that_breaks_is_named_and_the_others_are_told(source: Source) -> None:
    async def limit() -> Sequence[Sample]:
        return [Sample(metric=MACHINES_LIMIT, value=16)]

    time = Time()
    read = Readings([Part(name="broken", read=source.read), Part(name="sound", read=limit)], time)
    source.error = ZeroDivisionError()
    found = await read.now()
    assert unread(found) == {"broken": 1, "sound": 0}
    assert [sample.value for sample in found if sample.metric is MACHINES_LIMIT] == [16]
    source.error, time.now_s = None, 5
    assert unread(await read.now()) == {"broken": 0, "sound": 0}


async def test_a_part_that_hangs_is_given_up(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "READ_TIMEOUT_S", 0.05)
    source.hangs = True
    assert unread(await Readings([Part(name="stuck", read=source.read)], Time()).now()) == {"stuck": 1}
