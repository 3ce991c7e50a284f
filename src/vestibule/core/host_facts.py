"""What the host has left: memory, disks, and how long work waits for each (PSI)."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stall:
    """Share of the last 10 and 60 seconds in which work waited for a resource (0 to 100)."""

    resource: str
    """``cpu``, ``memory`` or ``io``."""
    some_10s: float
    """Some of the work waited."""
    some_60s: float
    full_10s: float
    """All of it did."""
    full_60s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Disk:
    """The file system below one of the controller's folders."""

    folder: str
    """``state``, ``run`` or ``cache``."""
    free_bytes: int
    total_bytes: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class HostFacts:
    """At one moment."""

    mem_total_bytes: int
    mem_available_bytes: int
    """What programs could get without swapping, as the kernel estimates it."""
    load: float
    """Processes that run or wait, averaged over a minute."""
    cpus: int
    stalls: tuple[Stall, ...]
    """Empty where the kernel does not count them."""
    disks: tuple[Disk, ...]
