"""What a host was busy with over time: samples of processors and memory."""

from __future__ import annotations

import dataclasses
import datetime as dt


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostReading:
    """Counters at one moment: time counts up since the host's start, in clock ticks of all processors."""

    busy_ticks: int
    all_ticks: int
    mem_total_bytes: int
    mem_available_bytes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostSample:
    """One point of the chart."""

    at: dt.datetime
    cpu_busy: float
    """Share of the time since the sample before in which processors worked, 0 to 1."""
    mem_used_bytes: int
    mem_total_bytes: int
    machines: int
    """That ran then."""


def sample(before: HostReading, now: HostReading, *, at: dt.datetime, machines: int) -> HostSample:
    """What two readings tell; counters that did not move tell of no work."""
    passed = now.all_ticks - before.all_ticks
    busy = (now.busy_ticks - before.busy_ticks) / passed if passed > 0 else 0.0
    return HostSample(
        at=at,
        cpu_busy=min(1.0, max(0.0, busy)),
        mem_used_bytes=now.mem_total_bytes - now.mem_available_bytes,
        mem_total_bytes=now.mem_total_bytes,
        machines=machines,
    )
