"""Pausing: a machine that nobody watches and that waits for its person stands still, and costs no processor.

::

    watched, asked, told ─▶ runs ── idle_s without any of it ─▶ paused ── sign of interest ─▶ runs
                                                                   └─ every PULSE_EVERY_S for PULSE_S ─▶ runs

A sign of interest is waited for: whoever shows it is served by a machine that runs.  A sign-in's machine also
goes on for a moment every minute: a page that waits for a phone, or a tool with a timer, gets its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.ids import SessionId, VmId
from vestibule.services.introductions import Live

log = structlog.get_logger()

LOOK_S = 1.0
PULSE_EVERY_S = 60.0
PULSE_S = 8.0
DONE_S = 5.0
"""A machine is paused or resumed within that, or it counts as one that cannot be."""


@dataclasses.dataclass(kw_only=True)
class _Rest:
    live: Live
    lock: asyncio.Lock
    seen_s: float
    """When somebody last took an interest."""
    turned_s: float
    """When it was last paused or resumed."""
    asked: int = 0
    """Requests to its agent that are under way."""


class Pausing:
    """One per ``Machines``; machines are paused for as long as ``run`` runs, and resumed whenever asked."""

    def __init__(self, *, idle_s: float, seconds: Callable[[], float]) -> None:
        """Paused is after ``idle_s`` without interest, 0: never; ``seconds`` is a clock that nobody sets."""
        self._idle_s = idle_s
        self._seconds = seconds
        self._rests: dict[VmId, _Rest] = {}
        self._watching: Counter[VmId | SessionId] = Counter()

    def add(self, live: Live) -> None:
        """A machine runs from now on."""
        now = self._seconds()
        self._rests[live.record.vm_id] = _Rest(live=live, lock=asyncio.Lock(), seen_s=now, turned_s=now)

    def forget(self, vm_id: VmId) -> None:
        """A machine is ended; its driver does that whether it is paused or not."""
        self._rests.pop(vm_id, None)

    @property
    def standing_still(self) -> int:
        """How many machines are paused now."""
        return sum(rest.live.paused for rest in self._rests.values())

    def paused(self, vm_id: VmId) -> bool:
        """Whether it stands still now."""
        rest = self._rests.get(vm_id)
        return rest is not None and rest.live.paused

    async def wake(self, of: VmId | SessionId) -> None:
        """A sign of interest in a machine, or in a sign-in's; returns when it runs.  Raises MachineFailed."""
        self._see(of)
        for rest in self._of(of):
            await self._resume(rest)

    @contextlib.asynccontextmanager
    async def watched(self, of: VmId | SessionId) -> AsyncIterator[None]:
        """Somebody looks on: it runs until the context ends, even if it begins to run only meanwhile."""
        self._watching[of] += 1
        try:
            await self._wake_if_possible(of)
            yield
        finally:
            self._watching[of] -= 1
            self._watching += Counter()  # forgets those that nobody watches
            self._see(of)

    @contextlib.asynccontextmanager
    async def asked(self, vm_id: VmId) -> AsyncIterator[None]:
        """Its agent is asked something: it runs until the context ends; by itself that is no interest."""
        rest = self._rests.get(vm_id)
        if rest is None:  # it is being ended: whoever asks learns that from the machine
            yield
            return
        rest.asked += 1
        try:
            await self._resume(rest)
            yield
        finally:
            rest.asked -= 1

    @contextlib.asynccontextmanager
    async def used(self, vm_id: VmId) -> AsyncIterator[None]:
        """The same, by somebody who takes an interest."""
        await self.wake(vm_id)
        async with self.asked(vm_id):
            yield
        self._see(vm_id)

    async def pause(self, vm_id: VmId) -> None:
        """Pause it now, unless its agent is being asked.  Raises MachineFailed."""
        if (rest := self._rests.get(vm_id)) is not None:
            await self._pause(rest)

    async def run(self) -> None:
        """Look at every machine, again and again; returns at once when nothing is ever paused."""
        while self._idle_s > 0:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Pause what is idle, let what is paused go on for a moment when its time has come.

        Each machine by itself: one that hangs holds up no other.
        """
        await asyncio.gather(*(self._look_at(rest) for rest in tuple(self._rests.values())))

    async def _look_at(self, rest: _Rest) -> None:
        try:
            await self._turn(rest)
        except Exception as error:
            if not isinstance(error, VestibuleError):  # else it was given up, and the log says so
                log.exception("Machine could not be looked at", vm_id=rest.live.record.vm_id)

    def _give_up(self, rest: _Rest, error: Exception) -> None:
        """It is not paused from now on: whether it runs is liveness's to find out."""
        vm_id = rest.live.record.vm_id
        self.forget(vm_id)
        rest.live.paused = False
        why = error.cause if isinstance(error, VestibuleError) else repr(error)
        log.warning("Machine is not paused any more", vm_id=vm_id, why=why)

    async def _wake_if_possible(self, of: VmId | SessionId) -> None:
        """Who looks on is told by what they see that it does not run."""
        try:
            await self.wake(of)
        except VestibuleError as error:
            log.warning("Machine could not be resumed", of=of, why=error.cause)

    async def _turn(self, rest: _Rest) -> None:
        since_s = self._seconds() - rest.turned_s
        if not rest.live.paused:
            if self._idle(rest) and since_s >= PULSE_S:
                await self._pause(rest)
        elif not rest.live.may_pause() or (rest.live.record.session_id and since_s >= PULSE_EVERY_S):
            await self._resume(rest)

    def _idle(self, rest: _Rest) -> bool:
        record = rest.live.record
        watched = self._watching[record.vm_id] or (record.session_id and self._watching[record.session_id])
        return not watched and rest.live.may_pause() and self._seconds() - rest.seen_s >= self._idle_s

    async def _pause(self, rest: _Rest) -> None:
        async with rest.lock:
            if rest.live.paused or rest.asked:
                return
            rest.live.paused = True  # from here on, who asks waits for the lock
            rest.turned_s = self._seconds()
            try:
                await _in_time(rest.live.machine.pause)
            except Exception as error:
                await self._undo(rest)
                self._give_up(rest, error)
                raise
            log.info("Machine paused", vm_id=rest.live.record.vm_id)

    async def _undo(self, rest: _Rest) -> None:
        """What could not be paused may have been half-way."""
        try:
            await _in_time(rest.live.machine.resume)
        except Exception:  # it is stuck, or has ended meanwhile: that is noticed elsewhere
            log.exception("Machine may stand still", vm_id=rest.live.record.vm_id)

    async def _resume(self, rest: _Rest) -> None:
        async with rest.lock:
            if not rest.live.paused:
                return
            try:
                await _in_time(rest.live.machine.resume)
            except Exception as error:
                self._give_up(rest, error)
                raise
            rest.live.paused = False
            rest.turned_s = self._seconds()
            log.info("Machine resumed", vm_id=rest.live.record.vm_id)

    def _see(self, of: VmId | SessionId) -> None:
        for rest in self._of(of):
            rest.seen_s = self._seconds()

    def _of(self, of: VmId | SessionId) -> list[_Rest]:
        return [
            rest
            for rest in self._rests.values()
            if of in {rest.live.record.vm_id, rest.live.record.session_id}
        ]


async def _in_time(turn: Callable[[], Awaitable[None]]) -> None:
    """Pause or resume.  Raises MachineFailed ``machine_not_paused`` when that takes longer than DONE_S."""
    try:
        async with asyncio.timeout(DONE_S):
            await turn()
    except TimeoutError as error:
        raise MachineFailed(
            f"The machine was neither paused nor resumed within {DONE_S:g} s.",
            remedy="Start again; see what this host lacks: vestibule doctor",
            code=FailureCode.MACHINE_NOT_PAUSED,
        ) from error
