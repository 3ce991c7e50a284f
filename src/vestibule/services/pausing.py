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
from collections.abc import AsyncIterator, Callable

import structlog

from vestibule.core.errors import VestibuleError
from vestibule.core.ids import SessionId, VmId
from vestibule.services.introductions import Live

log = structlog.get_logger()

LOOK_S = 1.0
PULSE_EVERY_S = 60.0
PULSE_S = 8.0


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

    def paused(self, vm_id: VmId) -> bool:
        """Whether it stands still now."""
        rest = self._rests.get(vm_id)
        return rest is not None and rest.live.paused

    async def wake(self, of: VmId | SessionId) -> None:
        """A sign of interest in a machine, or in a sign-in's; returns when it runs.  Raises MachineFailed."""
        for rest in self._of(of):
            rest.seen_s = self._seconds()
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
            for rest in self._of(of):
                rest.seen_s = self._seconds()

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
        await self.wake(vm_id)

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
        """Pause what is idle, let what is paused go on for a moment when its time has come."""
        for rest in tuple(self._rests.values()):
            try:
                await self._turn(rest)
            except VestibuleError as error:
                await self._give_up(rest, error)

    async def _give_up(self, rest: _Rest, error: VestibuleError) -> None:
        """It runs unpaused from now on; one that has ended meanwhile is ended where that is awaited."""
        vm_id = rest.live.record.vm_id
        self.forget(vm_id)
        log.warning("Machine is not paused any more", vm_id=vm_id, why=error.cause)
        with contextlib.suppress(VestibuleError):  # nothing more can be done for one that is stuck
            await rest.live.machine.resume()
        rest.live.paused = False

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
            await rest.live.machine.pause()
            log.info("Machine paused", vm_id=rest.live.record.vm_id)

    async def _resume(self, rest: _Rest) -> None:
        async with rest.lock:
            if rest.live.paused:
                await rest.live.machine.resume()
                rest.live.paused = False
                rest.turned_s = self._seconds()
                log.info("Machine resumed", vm_id=rest.live.record.vm_id)

    def _of(self, of: VmId | SessionId) -> list[_Rest]:
        return [
            rest
            for rest in self._rests.values()
            if of in {rest.live.record.vm_id, rest.live.record.session_id}
        ]
