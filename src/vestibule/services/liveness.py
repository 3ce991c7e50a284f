"""Liveness: a confirmed machine whose agent answers nothing any more is noticed, and given up.

::

    ask ─▶ answer ─▶ a pause of limit / 4 ─▶ ask …
      └─▶ silence, counted in ticks, since the last answer ─▶ limit ─▶ ``agent_unreachable``

Only time in which controller and broker ran as they should counts as silence: a tick that came late (the
controller was stopped, its processor taken away) counts as one tick, however late it was, and one after which
the broker does not answer counts as none, for every question goes through it.  A host that is saturated gets
PATIENCE times the limit, for its machines are late as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.pressure import BUSY, Pressure
from vestibule.services.introductions import Live
from vestibule.services.ports import Guest

TICKS = 16
"""In which a whole limit of silence is counted."""
LATE = 1.5
"""Of a tick: what came later than that was our own lateness."""
ASKS = 4
"""Questions in a limit, to an agent that answers each at once."""
PATIENCE = 6
BUSY_CPU = 60.0
"""Percent of the last ten seconds in which something waited for a processor; the load follows late."""
BUSY_MEMORY = 20.0
"""The same for memory."""
NO_ANSWER = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.MACHINE_NOT_PAUSED})
"""Not reached, or it stands still and could not be resumed; whatever else an agent says is an answer."""


def is_paused(live: Live) -> bool:
    """A machine whose processors we stopped ourselves answers nobody, and is asked nothing."""
    return live.paused


def is_saturated(host: Pressure) -> bool:
    """Whether it may be the host that keeps agents from answering; what its kernel does not measure is 0."""
    return host.load >= BUSY or host.cpu >= BUSY_CPU or host.memory >= BUSY_MEMORY


class _Silence:
    """How long an agent has not answered, in time that counts."""

    def __init__(self, tick_s: float, reachable: Callable[[], Awaitable[bool]]) -> None:
        self.seconds = 0.0
        self._tick_s = tick_s
        self._reachable = reachable
        self._loop = asyncio.get_running_loop()

    async def tick(self, asking: asyncio.Future[bool]) -> None:
        """Wait one tick, or until the question has been answered."""
        began = self._loop.time()
        await asyncio.wait({asking}, timeout=self._tick_s)
        waited_s = min(self._loop.time() - began, LATE * self._tick_s)
        if not asking.done() and await self._reachable():
            self.seconds += waited_s

    async def rest(self, seconds: float) -> None:
        """Wait without a question."""
        ticks = round(seconds / self._tick_s)
        for _ in range(ticks):
            await asyncio.sleep(self._tick_s)
        if not self.seconds or await self._reachable():  # after an answer there was no doubt
            self.seconds += ticks * self._tick_s


class Liveness:
    """One per ``Machines``; watches any number of agents, each by a call of its own."""

    def __init__(
        self,
        *,
        limit_s: float,
        pressure: Callable[[], Pressure],
        reachable: Callable[[], Awaitable[bool]],
    ) -> None:
        """``reachable``: whether agents can be asked at all now; it answers soon, and never raises."""
        self._limit_s = limit_s
        self._reachable = reachable
        self._tick_s = limit_s / TICKS
        self._pressure = pressure

    async def silent(self, live: Live, guest: Guest) -> MachineFailed:
        """Return once the agent has not answered for the limit; the failure that this is."""
        silence = _Silence(self._tick_s, self._reachable)
        while not self._is_over(silence.seconds):
            if is_paused(live) or await self._answers(live, guest, silence):
                silence.seconds = 0.0
            await silence.rest(self._limit_s / ASKS)
        return MachineFailed(
            f"The machine's agent has not answered for {silence.seconds:.0f} s.",
            remedy="Start again; the machine's console is kept in its evidence. If it repeats, look whether"
            " the host is short of memory or processor (vestibule doctor).",
            code="agent_unreachable",
        )

    async def _answers(self, live: Live, guest: Guest, silence: _Silence) -> bool:
        """Whether it answers before its silence is over, or is paused meanwhile."""
        asking = asyncio.ensure_future(_answered(guest))
        try:
            while not asking.done() and not self._is_over(silence.seconds):
                await silence.tick(asking)
                if is_paused(live):
                    return True
            return asking.done() and asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    def _is_over(self, seconds: float) -> bool:
        if seconds < self._limit_s:
            return False
        return seconds >= PATIENCE * self._limit_s or not is_saturated(self._pressure())


async def _answered(guest: Guest) -> bool:
    """Whether it answers at all: its checks cost a machine more than may be asked for every few seconds."""
    try:
        await guest.alive()
    except VestibuleError as error:
        return error.failure_code not in NO_ANSWER
    return True
