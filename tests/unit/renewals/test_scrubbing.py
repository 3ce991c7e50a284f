"""The promoted golden is read through when it is promoted, when the controller starts, and now and then."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import pytest
from golden_doubles import GOLDEN, NEXT
from golden_lab import GoldenLab
from waiting import until

from vestibule.core.errors import GoldenFailed
from vestibule.core.goldens import Damage
from vestibule.services import scrubbing
from vestibule.services.renewals import GOLDENS
from vestibule.services.scrubbing import Scrubbed, Scrubbing

pytestmark = pytest.mark.anyio
DAY = dt.timedelta(days=1)
DAMAGE = Damage(product=GOLDEN, file="kernel", problem="was changed")


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "LOOK_S", 0.01)
    monkeypatch.setattr(scrubbing, "CALM", dt.timedelta(0))


def scrubbing_of(lab: GoldenLab, every: dt.timedelta | None = DAY) -> Scrubbing:
    return Scrubbing(
        scrub=lab.goldens.scrub,
        promotions=lab.promotions,
        feed=lab.renewals.feed,
        clock=lab.clock,
        every=every,
    )


@contextlib.asynccontextmanager
async def at_work(one: Scrubbing) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(one.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_it_is_scrubbed_at_the_start_and_again_when_it_is_due(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, now = 0, lab.clock.now

    def counted() -> dt.datetime:
        nonlocal looks
        looks += 1
        return now()

    monkeypatch.setattr(lab.clock, "now", counted)
    one = scrubbing_of(lab)
    async with at_work(one):
        await until(lambda: one.last is not None)
        assert one.last == Scrubbed(golden_id=GOLDEN, at=now(), damages=())
        lab.clock.move(DAY.total_seconds() - 1)
        before = looks
        await until(lambda: looks > before + 1)
        assert lab.goldens.scrubbed == [GOLDEN]
        lab.clock.move(1)
        await until(lambda: lab.goldens.scrubbed == [GOLDEN, GOLDEN])


async def test_what_is_promoted_is_scrubbed_at_once(lab: GoldenLab) -> None:
    async with at_work(scrubbing_of(lab)):
        await until(lambda: lab.goldens.scrubbed == [GOLDEN])
        lab.made(NEXT)
        lab.promotions.promote(NEXT, why="a test does")
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.goldens.scrubbed == [GOLDEN, NEXT])


async def test_nothing_is_read_while_people_wait_for_what_has_just_started(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "CALM", dt.timedelta(minutes=5))
    one = scrubbing_of(lab)
    await one._look(DAY)
    lab.clock.move(299)
    await one._look(DAY)
    assert lab.goldens.scrubbed == []
    lab.clock.move(1)
    await one._look(DAY)
    lab.made(NEXT)
    lab.promotions.promote(NEXT, why="a test does")
    await one._look(DAY)
    assert lab.goldens.scrubbed == [GOLDEN]
    lab.clock.move(300)
    await one._look(DAY)
    assert lab.goldens.scrubbed == [GOLDEN, NEXT]


async def test_damage_is_kept_and_told(lab: GoldenLab) -> None:
    lab.goldens.decayed[GOLDEN] = (DAMAGE,)
    one, told = scrubbing_of(lab), 0

    async def listen() -> None:
        nonlocal told
        async for changed in lab.renewals.feed.changes(GOLDENS, 60):
            told += changed

    listener = asyncio.create_task(listen())
    await until(lambda: told == 1)
    async with at_work(one):
        await until(lambda: told == 2)
    listener.cancel()
    assert one.last is not None
    assert one.last.damages == (DAMAGE,)


async def test_zero_hours_never_scrub(lab: GoldenLab) -> None:
    await asyncio.wait_for(scrubbing_of(lab, every=None).run(), 5)
    assert lab.goldens.scrubbed == []


@pytest.mark.parametrize(
    "error", [GoldenFailed("no", remedy="Look.", code="scrub_broke"), OSError("no process")]
)
async def test_a_scrub_that_fails_is_tried_again_soon(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    tries = 0

    async def scrub(_golden: object) -> tuple[Damage, ...]:
        nonlocal tries
        tries += 1
        raise error

    monkeypatch.setattr(lab.goldens, "scrub", scrub)
    one = scrubbing_of(lab)
    async with at_work(one) as task:
        await until(lambda: tries == 1)
        lab.clock.move(scrubbing.AGAIN.total_seconds())
        await until(lambda: tries == 2)
        assert not task.done()
    assert one.last is None


async def test_damage_is_looked_for_again_soon_for_it_may_be_mended(lab: GoldenLab) -> None:
    lab.goldens.decayed[GOLDEN] = (DAMAGE,)
    one = scrubbing_of(lab)
    async with at_work(one):
        await until(lambda: one.last is not None)
        lab.goldens.decayed.clear()
        lab.clock.move(scrubbing.AGAIN.total_seconds())
        await until(lambda: one.last is not None and not one.last.damages)
