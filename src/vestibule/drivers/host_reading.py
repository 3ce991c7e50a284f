"""Counters of a whole host: /proc/stat and /proc/meminfo (proc(5))."""

from __future__ import annotations

from pathlib import Path

from vestibule.core.errors import HostUnfit
from vestibule.core.host_history import HostReading
from vestibule.drivers.proc import memory as proc_memory
from vestibule.drivers.proc import processor_ticks

_WAITING = (3, 4)
"""Fields of a ``cpu`` line in which processors did nothing: idle, iowait."""
_COUNTED = 8
"""Fields up to steal: time of guests is in user and nice already."""


def read_host(proc: Path = Path("/proc")) -> HostReading:
    """Raise HostUnfit when there is no /proc to read."""
    try:
        ticks, memory = processor_ticks(proc)[:_COUNTED], proc_memory(proc)
        waiting = sum(ticks[field] for field in _WAITING)
        total, available = memory["MemTotal"], memory["MemAvailable"]
    except (ValueError, IndexError, KeyError) as error:
        raise HostUnfit(
            f"The host's counters could not be read: {error}.", remedy="Mount /proc for the controller."
        ) from error
    return HostReading(
        busy_ticks=sum(ticks) - waiting,
        all_ticks=sum(ticks),
        mem_total_bytes=total,
        mem_available_bytes=available,
    )
