"""Two processes that are to try the same: the second waits, and takes the report of the first."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from golden_doubles import report_of
from tiny_goldens import add_golden
from waiting import until

from vestibule.core.canary import CanaryReport
from vestibule.core.goldens import Recipe
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.canaries import CanaryReports
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.works import HostWorks

pytestmark = pytest.mark.anyio

GOLDEN = GoldenId("g-00000000000000fa")
CONTAINER = DriverName.CONTAINER


class CountingCache(Cache):
    """Knows how often somebody found a name held."""

    refusals = 0

    @contextlib.contextmanager
    def unheld(self, name: str) -> Iterator[bool]:
        with super().unheld(name) as free:
            self.refusals += not free
            yield free


class Trying(HostWorks):
    """Host works whose trials last until a test says how they end."""

    def __init__(self, root: Path) -> None:
        self.cache = cache = CountingCache(root)
        store = DirectoryGoldenStore(cache, Recipe(layers=()))
        machinery = SimpleNamespace(goldens=SimpleNamespace(store=store))
        self.reports = CanaryReports(cache)
        self.trials: list[asyncio.Future[CanaryReport]] = []
        super().__init__(cast("Any", machinery), self.reports, [CONTAINER], cast("Any", None))

    async def _try_out(self, golden_id: GoldenId, driver: DriverName, _: Any) -> CanaryReport:
        assert (golden_id, driver) == (GOLDEN, CONTAINER)
        self.trials.append(asyncio.get_running_loop().create_future())
        report = await self.trials[-1]
        self.reports.finish(self.reports.begin(golden_id), report, None)
        return report

    def report(self, *, ok: bool = True) -> CanaryReport:
        subject = self._subject(GOLDEN, CONTAINER)
        return dataclasses.replace(report_of(GOLDEN, CONTAINER, ok=ok), subject=subject)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of a cache with one golden."""
    add_golden(Cache(tmp_path), GOLDEN, ["l-base-1", "l-agent-1"])
    return tmp_path


def trial(works: Trying) -> asyncio.Task[CanaryReport]:
    return asyncio.create_task(works.try_out(GOLDEN, CONTAINER, lambda _: None))


@pytest.mark.parametrize("ok", [True, False])
async def test_the_second_takes_the_report_of_the_first(root: Path, *, ok: bool) -> None:
    first, second = Trying(root), Trying(root)
    one = trial(first)
    await until(lambda: first.trials)
    other = trial(second)
    await until(lambda: second.cache.refusals)
    first.trials[0].set_result(report := first.report(ok=ok))
    assert await one == await other == report
    assert second.trials == []


async def test_a_first_that_breaks_off_leaves_the_trial_to_the_second(root: Path) -> None:
    first, second = Trying(root), Trying(root)
    one = trial(first)
    await until(lambda: first.trials)
    other = trial(second)
    await until(lambda: second.cache.refusals)
    one.cancel()
    await until(lambda: second.trials)
    second.trials[0].set_result(report := second.report())
    assert await other == report


async def test_an_old_report_is_nobody_s_answer(root: Path) -> None:
    works = Trying(root)
    old = works.report(ok=False)
    works.reports.finish(works.reports.begin(GOLDEN), old, None)
    again = trial(works)
    await until(lambda: works.trials)
    works.trials[0].set_result(report := works.report())
    assert await again == report


async def test_a_report_of_other_disks_does_not_count(root: Path) -> None:
    works = Trying(root)
    works.reports.finish(works.reports.begin(GOLDEN), report_of(GOLDEN, CONTAINER), None)
    assert works.tried(GOLDEN, CONTAINER) is None
