"""One contender with so many streams: round trips while nothing else goes on, then pictures in all."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from vestibule.benches.programs import give, line_of, program
from vestibule.benches.relay.contenders import DESKTOP, VIEWERS, Contender, Reached
from vestibule.benches.relay.viewers import Order
from vestibule.drivers import proc
from vestibule.drivers.usage import ProcUsageMeter

RELAY, OF_VIEWERS, OF_DESKTOPS, OTHERS = "relay", "viewers", "desktops", "others"
_IDLE, _COUNTED = slice(3, 5), slice(8)
"""Of a line of /proc/stat: idle and waiting for a disk; behind them, guests' time is in users' already."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pace:
    """How long a trial takes."""

    warm_up_fences: int = 100
    fences: int = 1000
    warm_up_s: float = 0.5
    seconds: float = 2.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it."""

    rtt_ms: Sequence[float]
    mb_per_s: float
    cpu_s_per_gb: float
    """Processor time of the contender alone."""
    resident_mb: float
    """Added up over its processes: what they share counts in each."""
    proportional_mb: float
    """The same, but what is shared counts once."""
    busy: Mapping[str, float]
    """Processors' worth of time: of the contender, viewers, desktops, and all else on the host."""


def run_trial(contender: Contender, streams: int, pace: Pace) -> Trial:
    """Start all that it needs, and end it.  Raises Unavailable when one of them breaks."""
    with (
        program(DESKTOP) as desktop,
        contender(int(line_of(desktop)), streams) as reached,
        program(VIEWERS) as viewers,
    ):
        give(viewers, Order(port=reached.port, ways=reached.ways, **dataclasses.asdict(pace)))
        return _watched(reached, viewers, {OF_VIEWERS: viewers.pid, OF_DESKTOPS: desktop.pid})


def _watched(reached: Reached, viewers: subprocess.Popen[str], others: Mapping[str, int]) -> Trial:
    pids = {RELAY: reached.pid, **others}
    rtt_ms = _told(viewers)["rtt_ms"]
    _told(viewers)
    before, all_before = _cpu_s(pids), _all_cpu_s()
    flown = _told(viewers)
    spent = {name: after - before[name] for name, after in _cpu_s(pids).items()}
    spent[OTHERS] = max(0.0, _all_cpu_s() - all_before - sum(spent.values()))
    tree = [pid for pid, _ in proc.tree(reached.pid)]
    return Trial(
        rtt_ms=rtt_ms,
        mb_per_s=flown["bytes"] / flown["seconds"] / 1e6,
        cpu_s_per_gb=spent[RELAY] / (flown["bytes"] / 1e9),
        resident_mb=sum(map(proc.resident_bytes, tree)) / 1e6,
        proportional_mb=sum(map(proc.proportional_bytes, tree)) / 1e6,
        busy={name: cpu_s / flown["seconds"] for name, cpu_s in spent.items()},
    )


def _told(viewers: subprocess.Popen[str]) -> dict[str, Any]:
    return dict(json.loads(line_of(viewers)))


def _cpu_s(pids: Mapping[str, int]) -> Mapping[str, float]:
    meter = ProcUsageMeter()
    return {name: meter.cpu_s(pid) for name, pid in pids.items()}


def _all_cpu_s() -> float:
    """Of the whole host since boot, what a hypervisor took for others included."""
    ticks = proc.processor_ticks()
    return (sum(ticks[_COUNTED]) - sum(ticks[_IDLE])) / os.sysconf("SC_CLK_TCK")
