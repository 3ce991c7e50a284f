"""The warm pool: machines that are started before anybody wants one, and stand still until somebody does.

::

    room to spare ─▶ warming ── its desktop is up ──▶ warm, paused ── claimed, in one statement ──▶ a person's
                        └─ failed, of another golden, drained, or its controller gone ──▶ ended ◀──┘

A machine of the pool has nobody's identity: token, time and randomness are handed over when it is claimed.
Its row is the operator's until then.  Nobody is worse off for the pool: without a machine that can be had at
once, a sign-in gets a fresh one, machines are warmed only when nobody waits and there is room, and while
somebody waits for memory they are ended, one at each look.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from vestibule.core.admission import Claimable
from vestibule.core.errors import GoldenFailed, MachineFailed, Unavailable, VestibuleError
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import DriverName, Exit, MachineRecord, Warmth
from vestibule.services import machine_steps
from vestibule.services.admission import Admission
from vestibule.services.introductions import Live
from vestibule.services.pausing import Pausing
from vestibule.services.ports import Clock, MachineDriver
from vestibule.services.repositories import Machines as Rows
from vestibule.services.starts import Starts
from vestibule.services.timeline import Timeline

log = structlog.get_logger()

LOOK_S = 5.0
"""How often goldens and room are looked at."""
WARM_S = 120.0
"""A desktop that is not up by then is none."""
SETTLE_S = 2.0
"""A browser goes on loading for a while after its window is there."""
CALM_S = 8.0
"""So long nothing is warmed after a claim: who has claimed wants the processor for the first picture."""
LONGEST_REST_S = 300.0
"""After failures in a row, each of which doubles the wait."""
_DOUBLINGS = 10
"""More than LONGEST_REST_S has."""


class WarmPool:
    """One per ``Machines``; empty while ``run`` does not run."""

    def __init__(
        self,
        *,
        size: int,
        driver: Callable[[], MachineDriver],
        serving: Callable[[DriverName], Awaitable[GoldenId]],
        rows: Rows,
        starts: Starts,
        admission: Admission,
        pausing: Pausing,
        timeline: Timeline,
        clock: Clock,
        begin: Callable[[VmId], None],
        take: Callable[[Live], None],
        destroy: Callable[[VmId, BaseException | None], Awaitable[None]],
    ) -> None:
        """``take`` has a started machine held like any other, until ``destroy``; ``driver`` may raise.

        ``begin`` is told of a claimed one, whose way begins anew.
        """
        self._size = size
        self._driver = driver
        self._serving = serving
        self._rows = rows
        self._starts = starts
        self._admission = admission
        self._pausing = pausing
        self._timeline = timeline
        self._clock = clock
        self._begin = begin
        self._take = take
        self._destroy = destroy
        self._warm: dict[VmId, Live] = {}
        self._watches: dict[VmId, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._failures = 0
        self._calm_until = 0.0

    @property
    def ready(self) -> int:
        """How many machines could be claimed now."""
        return len(self._warm)

    @property
    def is_on(self) -> bool:
        """Whether there is a pool at all."""
        return self._size > 0

    async def claim(self, user_id: UserId, session_id: SessionId | None, driver: DriverName) -> Live | None:
        """A warm machine of the golden that is served now, from now on this user's; None when there is none.

        It stands still, and is nobody yet.  Raises as ``serving`` and ``Admission.may_claim``.
        """
        if all(live.record.driver != driver for live in self._warm.values()):
            return None
        claimable = Claimable(driver=driver, golden_id=await self._serving(driver))
        async with self._admission.lock:
            self._admission.claimable = claimable
            if not self._admission.may_claim(await self._rows.live(), user_id, session_id, claimable):
                return None
            row = await self._claimed(claimable, user_id, session_id)
            live = None if row is None else self._give_up(row.vm_id)
        self._calm_until = asyncio.get_running_loop().time() + CALM_S
        if row is None or live is None:  # or it has just ended: whoever ends it closes its row
            return None
        machine_steps.finish(self._timeline, live.record, None)
        self._timeline.know(machine_steps.subject(row), driver=row.driver, golden_id=row.golden_id)
        self._begin(row.vm_id)
        live.record, live.may_pause = row, lambda: False
        return live

    async def _claimed(
        self, claimable: Claimable, user_id: UserId, session_id: SessionId | None
    ) -> MachineRecord | None:
        """With admission's lock, which is held from a claim in the table until it is known here."""
        now = self._clock.now()
        try:
            return await self._rows.claim_warm(
                claimable.golden_id, claimable.driver, user_id=user_id, session_id=session_id, at=now
            )
        except asyncio.CancelledError:  # it may have been stored all the same
            await asyncio.shield(self._end_taken())
            raise

    async def _end_taken(self) -> None:
        """End the machines whose rows are no longer the pool's."""
        for vm_id in tuple(self._warm):
            if (await self._rows.get(vm_id)).warmth is not Warmth.WARM:
                await self._end(vm_id, None)

    async def run(self, owner: Callable[[], Awaitable[UserId | None]]) -> None:
        """Keep the pool filled, until cancelled; returns at once where there is none.

        ``owner`` is whose the rows are until they are claimed; None while there is nobody.
        """
        if not self.is_on:
            return
        async with asyncio.TaskGroup() as tasks:  # what is of no use is ended while another is warmed, too
            tasks.create_task(self._keep_sorted(), name="warm pool: sort out")
            tasks.create_task(self._keep_filled(owner), name="warm pool: fill")

    async def _keep_sorted(self) -> None:
        while True:
            try:
                await self._sort_out()
            except Exception:
                log.exception("Warm machines could not be looked at; it is tried again")
            await asyncio.sleep(LOOK_S)

    async def _keep_filled(self, owner: Callable[[], Awaitable[UserId | None]]) -> None:
        while True:
            try:
                await self._fill(owner)
            except Unavailable:
                pass  # somebody else was faster: that is what room is for
            except VestibuleError as error:
                self._failures += 1
                log.warning("No machine could be warmed", why=error.cause, code=error.failure_code)
            except Exception:
                self._failures += 1
                log.exception("No machine could be warmed")
            else:
                self._failures = 0
            await self._rest()

    async def drain(self) -> None:
        """End all machines of the pool."""
        await asyncio.gather(*(self._end(vm_id, None) for vm_id in tuple(self._warm)))

    async def _rest(self) -> None:
        """Until the next look, or the end of a machine.  After failures ever longer, whatever happens."""
        if self._failures:
            await asyncio.sleep(min(LOOK_S * 2 ** min(self._failures, _DOUBLINGS), LONGEST_REST_S))
            return
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()

    async def _fill(self, owner: Callable[[], Awaitable[UserId | None]]) -> None:
        """Warm as many as are missing, one after another."""
        user_id = await owner()
        while user_id is not None and len(self._warm) < self._size:
            driver = self._driver()
            if await self._served(driver.name) is None or not await self._is_spare():
                return
            await self._warm_one(user_id, driver)

    async def _served(self, driver: DriverName) -> GoldenId | None:
        """What machines are started from now; None while there is nothing, which others tell of."""
        try:
            return await self._serving(driver)
        except GoldenFailed:
            return None

    async def _sort_out(self) -> None:
        """End what cannot be claimed any more, and one while somebody waits for the memory that it has.

        While nothing is served, machines are kept, and nobody is promised one.
        """
        if not self._warm:
            return
        driver = self._driver().name
        golden_id = await self._served(driver)
        async with self._admission.lock:
            self._admission.claimable = Claimable(driver=driver, golden_id=golden_id) if golden_id else None
            await self._end_taken()
        for vm_id, live in tuple(self._warm.items()):
            if golden_id not in {None, live.record.golden_id}:
                log.info("Warm machine is ended", vm_id=vm_id, golden_id=live.record.golden_id)
                await self._end(vm_id, None)
        if self._admission.wants_memory and len(self._warm) > self._admission.promised:
            first = next(iter(self._warm))
            log.info("Warm machine is ended: somebody waits for memory", vm_id=first)
            await self._end(first, None)

    async def _is_spare(self) -> bool:
        if asyncio.get_running_loop().time() < self._calm_until:
            return False
        try:
            async with self._admission.lock:
                self._admission.require_spare(await self._rows.live())
        except Unavailable:
            return False
        return True

    async def _warm_one(self, owner: UserId, driver: MachineDriver) -> None:
        live = await self._starts.start_warming(owner, driver)
        vm_id = live.record.vm_id
        self._take(live)
        try:
            await _in_time(live)
            live.may_pause = lambda: True
            await self._pausing.pause(vm_id)
            async with self._admission.lock:  # nobody claims what is not known here yet
                live.record = await self._rows.update(vm_id, warmth=Warmth.WARM)
                self._warm[vm_id] = live
                self._admission.claimable = Claimable(driver=driver.name, golden_id=live.record.golden_id)
        except BaseException as error:
            await asyncio.shield(self._destroy(vm_id, error))
            raise
        self._watches[vm_id] = asyncio.create_task(self._watch(live), name=f"warm {vm_id}")
        self._admission.wake()
        log.info("Machine is warm", vm_id=vm_id, golden_id=live.record.golden_id)

    async def _watch(self, live: Live) -> None:
        """A machine that ends by itself is recorded as failed, and another takes its place."""
        exit_ = await live.machine.wait()
        vm_id = live.record.vm_id
        self._watches.pop(vm_id, None)
        self._warm.pop(vm_id, None)
        await self._destroy(vm_id, _ended(exit_))
        self._news.set()

    def _give_up(self, vm_id: VmId) -> Live | None:
        if (watch := self._watches.pop(vm_id, None)) is not None:
            watch.cancel()
        return self._warm.pop(vm_id, None)

    async def _end(self, vm_id: VmId, failure: BaseException | None) -> None:
        if self._give_up(vm_id) is not None:
            await self._destroy(vm_id, failure)


async def _in_time(live: Live) -> None:
    """Wait until it is warm.  Raises MachineFailed when it ends before, or not within WARM_S."""
    warm, ended = asyncio.ensure_future(live.machine.warm()), asyncio.ensure_future(live.machine.wait())
    try:
        async with asyncio.timeout(WARM_S):
            await asyncio.wait({warm, ended}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({ended}, timeout=SETTLE_S)
            if ended.done():  # which says more than what it made of the wait for its desktop
                raise _ended(ended.result())
            warm.result()
    except TimeoutError as error:
        raise MachineFailed(
            f"The machine's desktop was not up within {WARM_S:g} s, in the warm pool.",
            remedy="Read the machine's console in its evidence.",
            code="desktop_absent",
        ) from error
    finally:
        for task in (warm, ended):
            task.cancel()
        await asyncio.gather(warm, ended, return_exceptions=True)


def _ended(exit_: Exit) -> MachineFailed:
    return MachineFailed(
        f"The machine ended by itself ({exit_}), in the warm pool.",
        remedy="Nothing to do: another takes its place; its console is kept in its evidence folder.",
        code="machine_exited",
    )
