"""Failures by reason and golden over time: bars without a gap, rates that cancelled sign-ins do not spoil."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from vestibule.core.failure_reports import Score, Tally, begin_of, report
from vestibule.core.ids import GoldenId
from vestibule.core.sessions import SessionStatus

S = SessionStatus
NOW = dt.datetime(2026, 11, 30, 14, 20, tzinfo=dt.UTC)
HOUR = NOW.replace(minute=0)
OLD, NEW = GoldenId("g-old"), GoldenId("g-new")


def tally(
    status: SessionStatus,
    count: int,
    code: str | None = None,
    golden: GoldenId | None = NEW,
    hours_ago: int = 0,
) -> Tally:
    hour = HOUR - dt.timedelta(hours=hours_ago)
    return Tally(hour=hour, status=status, code=code, golden_id=golden, count=count)


@pytest.mark.parametrize(
    ("days", "bars", "bar_h"), [(1, 24, 1), (2, 8, 6), (7, 28, 6), (30, 30, 24), (31, 31, 24), (90, 13, 168)]
)
def test_the_time_is_cut_into_bars_the_last_of_which_is_now(days: int, bars: int, bar_h: int) -> None:
    made = report([], NOW, days)
    assert (len(made.bars), made.bar_s) == (bars, bar_h * 3600)
    assert made.since == begin_of(NOW, days) == made.bars[0].since
    starts = [bar.since for bar in made.bars]
    assert {later - earlier for earlier, later in itertools.pairwise(starts)} == {dt.timedelta(hours=bar_h)}
    assert starts[-1] <= NOW < starts[-1] + dt.timedelta(hours=bar_h)


def test_nothing_has_no_rate() -> None:
    made = report([], NOW, 7)
    assert (made.score, made.score.success_rate, made.reasons, made.goldens) == (Score(), None, (), ())


def test_reasons_come_most_first_with_their_goldens_and_their_time() -> None:
    made = report(
        [
            tally(S.FAILED, 2, "url_not_seen", OLD, hours_ago=5),
            tally(S.FAILED, 1, "url_not_seen", NEW),
            tally(S.TIMEOUT, 1, "login_timeout"),
            tally(S.FAILED, 4, "tool_exited", OLD, hours_ago=1),
            tally(S.COMPLETED, 9),
        ],
        NOW,
        1,
    )
    assert [(reason.code, reason.count) for reason in made.reasons] == [
        ("tool_exited", 4),
        ("url_not_seen", 3),
        ("login_timeout", 1),
    ]
    seen = made.reasons[1]
    assert (seen.goldens, seen.newest_hour) == (((OLD, 2), (NEW, 1)), HOUR)
    assert (seen.over_time[-1], seen.over_time[-6], sum(seen.over_time)) == (1, 2, 3)
    assert made.bars[-1].score == Score(completed=9, failed=2)


def test_a_rate_is_of_those_that_ended_by_themselves() -> None:
    made = report([tally(S.COMPLETED, 3), tally(S.TIMEOUT, 1), tally(S.CANCELLED, 96)], NOW, 7)
    assert (made.score.success_rate, made.score.cancelled) == (0.75, 96)


def test_the_golden_that_was_used_last_comes_first_and_one_may_be_missing() -> None:
    made = report(
        [
            tally(S.COMPLETED, 1, golden=OLD, hours_ago=9),
            tally(S.FAILED, 3, "host_saturated", golden=None, hours_ago=2),
            tally(S.FAILED, 1, "tool_exited", golden=NEW),
        ],
        NOW,
        7,
    )
    assert [golden.golden_id for golden in made.goldens] == [NEW, None, OLD]
    assert made.goldens[1].codes == (("host_saturated", 3),)


def test_a_failure_of_an_earlier_release_without_a_code_is_counted() -> None:
    assert report([tally(S.FAILED, 1)], NOW, 1).reasons[0].code == "unnamed"


def test_what_ended_before_is_left_out() -> None:
    assert report([tally(S.FAILED, 1, "x", hours_ago=24)], NOW, 1).score.failed == 0
