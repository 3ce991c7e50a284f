"""Whether the host itself was short of memory or processor while a machine failed.

The kernel counts direct reclaims for the whole host's shortage alone; kills and stalls it counts for a
machine's own limit too.  So only both together speak against the host: a golden that fills its machine's
memory is not excused by what that does to the machine.
"""

from __future__ import annotations

import dataclasses

from vestibule.core.sessions import Failure

HOST_EXHAUSTED = "host_exhausted"
STALLED_S = 5.0
"""Of a machine's life, in which nothing on the host could go on for want of memory."""
BUSY = 4.0
"""Tasks for each processor, averaged over a minute: an agent that answers in time elsewhere may not here."""
_MEMORY = frozenset({"agent_unreachable", "machine_exited", "no_identity_ack", "qemu_failed"})
_SLOWNESS = frozenset({"agent_unreachable", "no_identity_ack"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pressure:
    """What the kernel has counted since the host was booted."""

    reclaims: int
    """How often somebody had to wait for memory, by the whole host's shortage."""
    oom_kills: int
    """Processes that were killed for want of memory, the host's or a group's own."""
    stalled_s: float
    """How long nothing could go on for want of memory; 0 where the kernel does not measure it."""
    load: float
    """Tasks that run or wait, for each processor, averaged over the last minute."""


def blame(failure: Failure, began: Pressure, now: Pressure) -> tuple[str, str]:
    """Code and cause of a machine's failure, with the host's share since the machine was begun."""
    what = _shortage(failure.code, began, now)
    if what is None:
        return failure.code, failure.cause
    return HOST_EXHAUSTED, f"{failure.cause.rstrip('.')}, while the host {what}."


def _shortage(code: str, began: Pressure, now: Pressure) -> str | None:
    killed, stalled_s = now.oom_kills - began.oom_kills, now.stalled_s - began.stalled_s
    if code in _MEMORY and now.reclaims > began.reclaims:
        if killed > 0:
            return f"was short of memory and killed {killed} processes"
        if stalled_s >= STALLED_S:
            return f"stood still for {stalled_s:.0f} s for want of memory"
    if code in _SLOWNESS and now.load >= BUSY:
        return f"had {now.load:.0f} tasks for each processor"
    return None
