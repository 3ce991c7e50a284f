"""Failures by reason and by golden over time: from hourly counts of ended sign-ins to what a person reads.

*Tried* are the sign-ins that ended by themselves: completed, failed, or timed out.  Cancelled ones say
nothing of a tool or a golden, so they count in no rate.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from vestibule.core.ids import GoldenId, SessionId
from vestibule.core.sessions import SessionStatus

FAILED = frozenset({SessionStatus.FAILED, SessionStatus.TIMEOUT})
K = TypeVar("K", bound=Hashable)
UNNAMED = "unnamed"
"""Code of a failure that an earlier release left without one."""
_STEPS_H = ((1, 1), (7, 6), (31, 24))
"""Up to so many days → hours of one bar; more days: a week."""
_WEEK_H = 168


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tally:
    """How many sign-ins ended alike within one bar."""

    hour: dt.datetime
    """In which the newest of them ended."""
    status: SessionStatus
    code: str | None
    golden_id: GoldenId | None
    count: int

    @property
    def failed(self) -> bool:
        """Whether they count as failures."""
        return self.status in FAILED

    @property
    def reason(self) -> str:
        """Their failure code."""
        return self.code or UNNAMED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """One failed sign-in of whoever asks."""

    session_id: SessionId
    code: str
    cause: str
    provider: str
    golden_id: GoldenId | None
    at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class Score:
    """Of some sign-ins."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def success_rate(self) -> float | None:
        """Completed of those tried, 0 to 1; None when none was."""
        tried = self.completed + self.failed
        return self.completed / tried if tried else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reason:
    """Everything that failed for one reason."""

    code: str
    count: int
    newest_hour: dt.datetime
    goldens: tuple[tuple[GoldenId | None, int], ...]
    """Most first."""
    over_time: tuple[int, ...]
    """By bar."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GoldenScore:
    """What came of one golden's sign-ins; None: those that ended before they had a machine."""

    golden_id: GoldenId | None
    score: Score
    codes: tuple[tuple[str, int], ...]
    """Most first."""
    newest_hour: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bar:
    """One piece of the time that is looked at."""

    since: dt.datetime
    score: Score


@dataclasses.dataclass(frozen=True, kw_only=True)
class FailureReport:
    """All of it."""

    since: dt.datetime
    until: dt.datetime
    bar_s: int
    score: Score
    reasons: tuple[Reason, ...]
    """Most first."""
    goldens: tuple[GoldenScore, ...]
    """That of the newest end first."""
    bars: tuple[Bar, ...]
    """Oldest first, without a gap."""


def begin_of(now: dt.datetime, days: int) -> dt.datetime:
    """The first moment that is looked at: full bars, the last of which holds ``now``."""
    step = step_of(days)
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + dt.timedelta(hours=1) - step * _bars(days)


def step_of(days: int) -> dt.timedelta:
    """How long a bar is: full hours."""
    return dt.timedelta(hours=_step_h(days))


def report(tallies: Sequence[Tally], now: dt.datetime, days: int) -> FailureReport:
    """Sum up what ended since ``begin_of(now, days)``."""
    since, step = begin_of(now, days), step_of(days)
    bars: list[list[Tally]] = [[] for _ in range(_bars(days))]
    inside = [tally for tally in tallies if since <= tally.hour < since + step * len(bars)]
    for tally in inside:
        bars[(tally.hour - since) // step].append(tally)
    return FailureReport(
        since=since,
        until=now,
        bar_s=int(step.total_seconds()),
        score=_score(inside),
        reasons=_reasons(inside, bars),
        goldens=_goldens(inside),
        bars=tuple(Bar(since=since + step * i, score=_score(bar)) for i, bar in enumerate(bars)),
    )


def _step_h(days: int) -> int:
    return next((hours for most, hours in _STEPS_H if days <= most), _WEEK_H)


def _bars(days: int) -> int:
    return -(-days * 24 // _step_h(days))


def _score(tallies: Iterable[Tally]) -> Score:
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts["failed" if tally.failed else tally.status] += tally.count
    return Score(
        completed=counts[SessionStatus.COMPLETED],
        failed=counts["failed"],
        cancelled=counts[SessionStatus.CANCELLED],
    )


def _reasons(tallies: Sequence[Tally], bars: Sequence[Sequence[Tally]]) -> tuple[Reason, ...]:
    failed = [tally for tally in tallies if tally.failed]
    codes = Counter[str]()
    for tally in failed:
        codes[tally.reason] += tally.count
    return tuple(
        Reason(
            code=code,
            count=count,
            newest_hour=max(tally.hour for tally in failed if tally.reason == code),
            goldens=_most((tally.golden_id, tally.count) for tally in failed if tally.reason == code),
            over_time=tuple(_of_reason(bar, code) for bar in bars),
        )
        for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    )


def _of_reason(bar: Iterable[Tally], code: str) -> int:
    return sum(tally.count for tally in bar if tally.failed and tally.reason == code)


def _goldens(tallies: Sequence[Tally]) -> tuple[GoldenScore, ...]:
    by_golden: dict[GoldenId | None, list[Tally]] = {}
    for tally in tallies:
        by_golden.setdefault(tally.golden_id, []).append(tally)
    scores = [
        GoldenScore(
            golden_id=golden_id,
            score=_score(of_it),
            codes=_most((tally.reason, tally.count) for tally in of_it if tally.failed),
            newest_hour=max(tally.hour for tally in of_it),
        )
        for golden_id, of_it in by_golden.items()
    ]
    return tuple(sorted(scores, key=lambda each: (each.newest_hour, each.golden_id or ""), reverse=True))


def _most(pairs: Iterable[tuple[K, int]]) -> tuple[tuple[K, int], ...]:
    counts: dict[K, int] = {}
    for key, count in pairs:
        counts[key] = counts.get(key, 0) + count
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))))
