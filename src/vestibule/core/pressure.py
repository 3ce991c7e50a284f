"""Whether the host itself was short of memory or processor while a machine failed.

The kernel counts direct reclaims for the whole host's shortage alone; kills and stalls it counts for a
machine's own limit too.  So only both together speak against the host: a golden that fills its machine's
memory is not excused by what that does to the machine.
"""

from __future__ import annotations

import dataclasses

from vestibule.core.failures import MEANINGS, FailureCode
from vestibule.core.sessions import Failure

STALLED_S = 5.0
"""Of a machine's life, in which nothing on the host could go on for want of memory."""
BUSY = 4.0
"""Tasks for each processor, averaged over a minute: an agent that answers in time elsewhere may not here."""
_SLOWNESS = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.NO_IDENTITY_ACK})
_MEMORY = _SLOWNESS | {FailureCode.MACHINE_EXITED, FailureCode.QEMU_FAILED, FailureCode.VMM_CRASHED}


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


def blame(failure: Failure, began: Pressure, now: Pressure) -> Failure:
    """A machine's failure; the host's, where it was short of something since the machine was begun."""
    found = _lack_of_memory(failure.code, began, now) or _lack_of_processors(failure.code, now)
    if found is None:
        return failure
    code, what = found
    return dataclasses.replace(
        failure,
        code=code,
        cause=f"{failure.cause.rstrip('.')}, while the host {what}.",
        remedy=MEANINGS[code].remedy,
    )


def _lack_of_memory(code: str, began: Pressure, now: Pressure) -> tuple[FailureCode, str] | None:
    killed, stalled_s = now.oom_kills - began.oom_kills, now.stalled_s - began.stalled_s
    if code not in _MEMORY or now.reclaims <= began.reclaims:
        return None
    if killed > 0:
        return FailureCode.HOST_OUT_OF_MEMORY, f"was short of memory and killed {killed} processes"
    if stalled_s >= STALLED_S:
        return FailureCode.HOST_OUT_OF_MEMORY, f"stood still for {stalled_s:.0f} s for want of memory"
    return None


def _lack_of_processors(code: str, now: Pressure) -> tuple[FailureCode, str] | None:
    if code in _SLOWNESS and now.load >= BUSY:
        return FailureCode.HOST_SATURATED, f"had {now.load:.0f} tasks for each processor"
    return None
