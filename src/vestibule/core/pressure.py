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
_SLOWNESS = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.NO_IDENTITY_ACK, FailureCode.START_TIMEOUT})
_MEMORY = frozenset(
    {
        FailureCode.AGENT_UNREACHABLE,
        FailureCode.MACHINE_EXITED,
        FailureCode.NO_IDENTITY_ACK,
        FailureCode.QEMU_FAILED,
        FailureCode.VMM_CRASHED,
    }
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pressure:
    """What the kernel has counted since the host was booted, and measures now."""

    reclaims: int
    """How often somebody had to wait for memory, by the whole host's shortage."""
    oom_kills: int
    """Processes that were killed for want of memory, the host's or a group's own."""
    stalled_s: float
    """How long nothing could go on for want of memory; 0 where the kernel does not measure it."""
    load: float
    """Tasks that run or wait, for each processor, averaged over the last minute."""
    memory: float = 0.0
    """Percent of the last ten seconds in which some task waited for memory; 0 where it is not measured."""
    cpu: float = 0.0
    """The same for a processor."""
    io: float = 0.0
    """The same for a disk."""

    def __str__(self) -> str:
        return (
            f"memory {self.memory:.0f} %, processor {self.cpu:.0f} %, disk {self.io:.0f} % of the last 10 s"
            f" with somebody waiting for it; {self.load:.1f} tasks for each processor"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shortage:
    """What the host was short of: a failure's code, and the end of a sentence about the host."""

    code: FailureCode
    what: str


def shortage(code: str, began: Pressure, now: Pressure) -> Shortage | None:
    """What the host lacked since ``began`` that explains a failure with this code; None: nothing."""
    killed, stalled_s = now.oom_kills - began.oom_kills, now.stalled_s - began.stalled_s
    if code in _MEMORY and now.reclaims > began.reclaims:
        if killed > 0:
            return Shortage(
                code=FailureCode.HOST_OUT_OF_MEMORY, what=f"was short of memory and killed {killed} processes"
            )
        if stalled_s >= STALLED_S:
            return Shortage(
                code=FailureCode.HOST_OUT_OF_MEMORY,
                what=f"stood still for {stalled_s:.0f} s for want of memory",
            )
    if code in _SLOWNESS and now.load >= BUSY:
        return Shortage(code=FailureCode.HOST_SATURATED, what=f"had {now.load:.0f} tasks for each processor")
    return None


def blame(failure: Failure, began: Pressure, now: Pressure) -> Failure:
    """A machine's failure; the host's, where it was short of something since the machine was begun."""
    lack = shortage(failure.code, began, now)
    if lack is None:
        return failure
    cause = f"{failure.cause.rstrip('.')}, while the host {lack.what}."
    return dataclasses.replace(failure, code=lack.code, cause=cause, remedy=MEANINGS[lack.code].remedy)
