"""How long machines took to start, golden by golden: from the row to the agent's confirmation."""

from __future__ import annotations

import bisect
import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence

from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.percentiles import Percentiles

BOUNDS_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Upper bounds of the bars, the last one without one: each is twice as wide as the one before."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """One machine's."""

    golden_id: GoldenId
    driver: DriverName
    begun_at: dt.datetime
    confirmed_at: dt.datetime

    @property
    def seconds(self) -> float:
        """Never below zero, whoever sets the clock meanwhile."""
        return max(0.0, (self.confirmed_at - self.begun_at).total_seconds())


@dataclasses.dataclass(frozen=True, kw_only=True)
class StartTimes:
    """Of one golden with one driver."""

    golden_id: GoldenId
    driver: DriverName
    newest_at: dt.datetime
    p50_s: float
    p99_s: float
    counts: Sequence[int]
    """Machines in each bar: one more than there are BOUNDS_S."""


def distributions(starts: Iterable[Start]) -> Sequence[StartTimes]:
    """One for each golden and driver, the one that was used last first."""
    groups: dict[tuple[GoldenId, DriverName], list[Start]] = {}
    for start in starts:
        groups.setdefault((start.golden_id, start.driver), []).append(start)
    found = [_distribution(golden_id, driver, mine) for (golden_id, driver), mine in groups.items()]
    return sorted(found, key=lambda each: (each.newest_at, each.golden_id), reverse=True)


def _distribution(golden_id: GoldenId, driver: DriverName, starts: Sequence[Start]) -> StartTimes:
    seconds = [start.seconds for start in starts]
    counts = [0] * (len(BOUNDS_S) + 1)
    for each in seconds:
        counts[bisect.bisect_left(BOUNDS_S, each)] += 1
    tail = Percentiles.of(seconds)
    return StartTimes(
        golden_id=golden_id,
        driver=driver,
        newest_at=max(start.begun_at for start in starts),
        p50_s=tail.p50,
        p99_s=tail.p99,
        counts=tuple(counts),
    )
