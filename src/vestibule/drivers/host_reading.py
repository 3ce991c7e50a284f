"""Counters of a whole host: /proc/stat and /proc/meminfo (proc(5))."""

from __future__ import annotations

from pathlib import Path

from vestibule.core.errors import HostUnfit
from vestibule.core.host_history import HostReading

_WAITING = (3, 4)
"""Fields of a ``cpu`` line in which processors did nothing: idle, iowait."""
_COUNTED = 8
"""Fields up to steal: time of guests is in user and nice already."""


def read_host(proc: Path = Path("/proc")) -> HostReading:
    """Raise HostUnfit when there is no /proc to read."""
    try:
        ticks = [int(field) for field in (proc / "stat").read_text().split("\n", 1)[0].split()[1:]][:_COUNTED]
        lines = (line.partition(":") for line in (proc / "meminfo").read_text().splitlines())
        memory = {name: int(rest.split()[0]) << 10 for name, _, rest in lines}
        waiting = sum(ticks[field] for field in _WAITING)
        total, available = memory["MemTotal"], memory["MemAvailable"]
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise HostUnfit(
            f"The host's counters could not be read: {error}.", remedy="Mount /proc for the controller."
        ) from error
    return HostReading(
        busy_ticks=sum(ticks) - waiting,
        all_ticks=sum(ticks),
        mem_total_bytes=total,
        mem_available_bytes=available,
    )
