"""``vestibule bench relay``: every contender with every number of streams, in turn, several times over."""

from __future__ import annotations

import dataclasses
import itertools
import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from vestibule.benches.descriptors import allow_descriptors
from vestibule.benches.relay.contenders import CONTENDERS, find_websockify
from vestibule.benches.relay.trial import OF_DESKTOPS, OF_VIEWERS, OTHERS, RELAY, Pace, Trial, run_trial
from vestibule.benches.spread import Spread
from vestibule.core.percentiles import Percentiles

VESTIBULE, WEBSOCKIFY, COPY = "vestibule", "websockify", "copy"
DESCRIPTORS, EACH = 100, 2
"""Open files of a relay: those that it has anyway, and those of one stream."""
FULL = 0.9
"""Of a processor: who is so busy cannot do more."""

Note = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One contender with one number of streams; times and memory are of the contender's processes alone."""

    relay: str
    streams: int
    mb_per_s: Spread
    """Of all streams together; a megabyte has 10^6 bytes."""
    rtt_ms: Percentiles
    added_ms: Percentiles
    """Its round trips' percentiles less those of the bare copy."""
    cpu_s_per_gb: Spread
    resident_mb: Spread
    """Added up over its processes: what they share counts in each."""
    proportional_mb: Spread
    """The same, but what is shared counts once."""
    busy: Mapping[str, float]
    """Processors' worth of time: of the relay, of the viewers, of the desktops, of all else on the host."""
    held_back_by: str
    """What kept the throughput from being more: relay, viewers, desktops or processors."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Against:
    """Vestibule's medians over websockify's, with one number of streams; None where theirs was nothing."""

    streams: int
    throughput: float | None
    cpu: float | None
    memory: float | None
    """Proportional."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RelayResult:
    """What ``vestibule bench relay -o json`` prints."""

    rounds: int
    pace: Pace
    processors: int
    others: float
    """Processors' worth of time of programs that have nothing to do with it: a quiet host has none."""
    rows: Sequence[Row]
    against_websockify: Sequence[Against]


def measure_relays(streams: Sequence[int], rounds: int, pace: Pace, note: Note) -> RelayResult:
    """Each trial starts all its processes anew, so nothing is left of the one before.

    Raises HostUnfit when websockify is missing or too few files may be open; Unavailable when a process
    breaks.
    """
    find_websockify()
    allow_descriptors(DESCRIPTORS + EACH * max(streams))
    trials: dict[tuple[int, str], list[Trial]] = defaultdict(list)
    for number, count, name in itertools.product(range(1, rounds + 1), streams, CONTENDERS):
        trial = run_trial(CONTENDERS[name], count, pace)
        trials[count, name].append(trial)
        note(f"round {number}, {count} streams, {name}: {trial.mb_per_s:.0f} MB/s")
    return RelayResult(
        rounds=rounds,
        pace=pace,
        processors=_processors(),
        others=round(statistics.median(trial.busy[OTHERS] for done in trials.values() for trial in done), 2),
        rows=[_row(name, count, done, trials[count, COPY]) for (count, name), done in trials.items()],
        against_websockify=[
            _against(count, trials[count, VESTIBULE], trials[count, WEBSOCKIFY])
            for count in dict.fromkeys(streams)
        ],
    )


def _row(name: str, streams: int, trials: Sequence[Trial], copies: Sequence[Trial]) -> Row:
    rtt, floor = _round_trips(trials), _round_trips(copies)
    busy = {who: statistics.median(trial.busy[who] for trial in trials) for who in trials[0].busy}
    return Row(
        relay=name,
        streams=streams,
        mb_per_s=Spread.of([trial.mb_per_s for trial in trials], 0),
        rtt_ms=rtt,
        added_ms=Percentiles(p50=round(rtt.p50 - floor.p50, 3), p99=round(rtt.p99 - floor.p99, 3)),
        cpu_s_per_gb=Spread.of([trial.cpu_s_per_gb for trial in trials], 2),
        resident_mb=Spread.of([trial.resident_mb for trial in trials], 1),
        proportional_mb=Spread.of([trial.proportional_mb for trial in trials], 1),
        busy={who: round(share, 2) for who, share in busy.items()},
        held_back_by=held_back_by(busy, _processors()),
    )


def _round_trips(trials: Sequence[Trial]) -> Percentiles:
    return Percentiles.of([ms for trial in trials for ms in trial.rtt_ms])


def held_back_by(busy: Mapping[str, float], processors: int) -> str:
    """Viewers and desktops have one thread each."""
    for who in (OF_VIEWERS, OF_DESKTOPS):
        if busy[who] >= FULL:
            return who
    return "processors" if sum(busy.values()) >= FULL * processors else RELAY


def _against(streams: int, ours: Sequence[Trial], theirs: Sequence[Trial]) -> Against:
    def ratio(of: Callable[[Trial], float]) -> float | None:
        theirs_of = statistics.median(map(of, theirs))
        return round(statistics.median(map(of, ours)) / theirs_of, 2) if theirs_of else None

    return Against(
        streams=streams,
        throughput=ratio(lambda trial: trial.mb_per_s),
        cpu=ratio(lambda trial: trial.cpu_s_per_gb),
        memory=ratio(lambda trial: trial.proportional_mb),
    )


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0))
