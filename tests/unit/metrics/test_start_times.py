"""Distributions of start times, golden by golden."""

from __future__ import annotations

import datetime as dt

from golden_doubles import GOLDEN, NEXT, T0

from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.start_times import BOUNDS_S, Start, distributions

C, Q = DriverName.CONTAINER, DriverName.QEMU


def start(seconds: float, golden_id: GoldenId = GOLDEN, driver: DriverName = C, later: float = 0) -> Start:
    begun = T0 + dt.timedelta(seconds=later)
    return Start(
        golden_id=golden_id,
        driver=driver,
        begun_at=begun,
        confirmed_at=begun + dt.timedelta(seconds=seconds),
    )


def test_each_golden_and_driver_has_its_own_the_one_used_last_first() -> None:
    found = distributions([start(1), start(2, driver=Q, later=5), start(3, NEXT, later=9), start(1)])
    assert [(each.golden_id, each.driver, sum(each.counts)) for each in found] == [
        (NEXT, C, 1),
        (GOLDEN, Q, 1),
        (GOLDEN, C, 2),
    ]


def test_a_bound_is_in_its_bar_and_what_is_beyond_in_the_last() -> None:
    (found,) = distributions([start(0), start(0.25), start(0.26), start(64), start(1000)])
    assert len(found.counts) == len(BOUNDS_S) + 1
    assert found.counts == (2, 1, 0, 0, 0, 0, 0, 0, 1, 1)


def test_half_and_tail_are_told() -> None:
    (found,) = distributions([start(0.1 * number) for number in range(1, 101)])
    assert (found.p50_s, found.p99_s) == (5.05, 9.9)


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    (found,) = distributions([start(-5)])
    assert (found.p50_s, found.counts[0]) == (0.0, 1)


def test_of_nothing_there_is_nothing() -> None:
    assert distributions([]) == []
