"""Freshness: notices that inputs have changed, and has a golden of today's inputs built, tried and promoted.

::

    inputs on disk change ─▶ wanted name ─▶ promoted? ─no─▶ policy ─▶ build ─▶ snapshot ─▶ canary ─▶ promote
                                               │                                             └─▶ reject
                                               └─yes─▶ nothing

Machines that run are never touched: a promotion moves a pointer, and only starts read it.  What is served
is kept ready too: a memory snapshot is of one QEMU and one shape of machine, and made anew after a change.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from vestibule.core import diagnosis
from vestibule.core.errors import Conflict, GoldenFailed, VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import StalePolicy
from vestibule.core.renewal import Outcome
from vestibule.services.golden_ports import GoldenStore, Hold
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS, GoldenWorks, Renewals
from vestibule.services.threads import to_the_end

log = structlog.get_logger()

RETRY_S = (60.0, 300.0, 900.0, 3600.0)
"""After a failed build, which may be the mirror's fault; the last one again and again."""
HOLD_S = 60.0
"""How often is looked for what nobody tells of: the command line's promotions, another QEMU."""
ASKED = "somebody asked for it"
NOTHING_PROMOTED = "no golden was promoted"
CHANGED = "inputs have changed"
UNREADY = "machines cannot be started from it, as this host is now"


class Freshness:
    """One per controller: a task that keeps the promoted golden that of today's inputs."""

    def __init__(
        self,
        *,
        works: GoldenWorks,
        promotions: Promotions,
        renewals: Renewals,
        goldens: GoldenStore,
        changes: AsyncIterator[None],
    ) -> None:
        """``changes`` yields whenever a file that may be an input has changed."""
        self.trouble: str | None = None
        """Why the inputs cannot be read; None when they can."""
        self._works = works
        self._promotions = promotions
        self._renewals = renewals
        self._goldens = goldens
        self._changes = changes
        self._wake = asyncio.Event()
        self._asked = False
        self._failures = 0
        """To renew what is wanted, in a row."""
        self._served_failures = 0
        """To make ready what is served, in a row."""
        self._looking = False
        """Whether it is catching up, and so sees for itself what there is to do."""
        self._hold: Hold | None = None

    async def run(self) -> None:
        """Until cancelled: catch up now, and whenever something changes or somebody asks."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch())
            tasks.create_task(self._hold_promoted())
            while True:
                self._wake.clear()
                again_s = await self._looked()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(again_s):
                        await self._wake.wait()

    def promote_tried(self) -> None:
        """Before anybody asks for a machine: a start that finds all done need not be waited for."""
        with contextlib.suppress(VestibuleError):  # the renewal, or the first start, says what is wrong
            if self._reason() is not None:
                self._renewals.promote_tried(self._goldens.wanted(), self._goldens)

    async def ask(self) -> None:
        """Renew now, whatever the policy; a rejected or rolled-back golden is given another try."""
        await asyncio.to_thread(self._promotions.reconsider, self._goldens.wanted())
        self._asked, self._failures = True, 0
        self._wake.set()

    async def _watch(self) -> None:
        try:
            async for _ in self._changes:
                await self.look_again()
        except Exception as error:  # a host out of inotify watches still serves, and builds when asked
            self.trouble = f"changes are no longer noticed ({error}); restart the controller"
            log.exception("Inputs are no longer watched")
            self._renewals.feed.publish(GOLDENS)

    async def look_again(self) -> None:
        """Read the inputs; wakes the catching up when they make another golden."""
        before = self._goldens.wanted()
        try:
            wanted = await self._works.read_inputs()
        except Exception as error:
            self.trouble = diagnosis.failure_of(error).cause
            foreseen = isinstance(error, VestibuleError)
            log.warning("Inputs cannot be read", cause=self.trouble, exc_info=None if foreseen else error)
        else:
            self.trouble = None
            if wanted != before:
                log.info("Inputs have changed", wanted=wanted, before=before)
                self._failures = 0
                self._wake.set()
        self._renewals.feed.publish(GOLDENS)

    async def _looked(self) -> float | None:
        """``_catch_up``; what it cannot do now, such as to read the register, it may be able to do later."""
        self._looking = True
        try:
            return await self._catch_up()
        except Exception:
            log.exception("Goldens could not be looked after; tried again later")
            return self._later()
        finally:
            self._looking = False

    async def _catch_up(self) -> float | None:
        """One look; after how many seconds to look again, None for not before something changes."""
        renew_s = await self._renew_wanted()
        if renew_s == 0.0:
            return renew_s
        await self._leave_beyond_repair()
        ready_s = await self._make_served_ready()
        return min((seconds for seconds in (renew_s, ready_s) if seconds is not None), default=None)

    async def _renew_wanted(self) -> float | None:
        asked, self._asked = self._asked, False
        reason = ASKED if asked else await asyncio.to_thread(self._reason)
        if reason is None:
            return None
        renewal = await self._renewals.renew(self._goldens.wanted(), reason)
        if renewal.outcome is Outcome.PROMOTED:
            await self._renewals.collect()
        if renewal.golden_id != self._goldens.wanted():
            return 0.0  # the inputs changed meanwhile
        if renewal.outcome is not Outcome.FAILED:
            self._failures = 0
            return None
        return self._later()

    async def _make_served_ready(self) -> float | None:
        """An older golden that is served on: QEMU, or the shape of machines, may have changed under it."""
        served = await asyncio.to_thread(self._unready)
        if served is None:
            return None
        renewal = await self._renewals.make_ready(served, UNREADY)
        if renewal.outcome is not Outcome.FAILED:
            self._served_failures = 0
            return None
        self._served_failures += 1
        return _pause(self._served_failures)

    async def _leave_beyond_repair(self) -> None:
        """A damaged golden that nothing makes again is left for the one before, and the operator told why."""
        found = await asyncio.to_thread(self._beyond_repair)
        if found is not None:
            promoted, cause = found
            with contextlib.suppress(Conflict):  # somebody has decided otherwise meanwhile
                await asyncio.to_thread(self._promotions.roll_back, why=cause, leaving=promoted)
            self._renewals.feed.publish(GOLDENS)

    def _beyond_repair(self) -> tuple[GoldenId, str] | None:
        """The promoted golden and its damage, when no renewal will replace it and another can be served."""
        promoted = self._promotions.register.promoted
        if promoted is None or self._reason() is not None:
            return None
        try:
            self._goldens.usable(promoted)
        except GoldenFailed as error:
            return (promoted, error.cause) if self._promotions.roll_back_target() else None
        except VestibuleError:
            return None
        return None

    def _later(self) -> float:
        self._failures += 1
        return _pause(self._failures)

    def _reason(self) -> str | None:
        """Why to renew the wanted golden now; None for no reason, or none that the policy lets count."""
        wanted = self._goldens.wanted()
        if self._promotions.rule.policy is not StalePolicy.REBUILD or self._promotions.is_dismissed(wanted):
            return None
        promoted = self._promotions.register.promoted
        if promoted is None:
            return NOTHING_PROMOTED
        if promoted != wanted:
            return CHANGED
        return None if self._is_ready(wanted) else UNREADY

    def _unready(self) -> GoldenId | None:
        """What is served but cannot be started from, unless it is made ready by being renewed."""
        try:
            served = self._promotions.serving()
        except VestibuleError:  # refused, whether it is ready or not
            return None
        renewed = served == self._goldens.wanted() and self._promotions.rule.policy is StalePolicy.REBUILD
        return None if renewed or self._is_ready(served) else served

    def _is_ready(self, golden_id: GoldenId) -> bool:
        return self._goldens.has(golden_id) and all(
            self._works.is_prepared(golden_id, driver) and not self._renewals.awaits_canary(golden_id, driver)
            for driver in self._works.drivers
        )

    async def _hold_promoted(self) -> None:
        """Hold what machines start from, whoever promoted it, so that no other process collects it."""
        try:
            async for _ in self._renewals.feed.changes(GOLDENS, HOLD_S):
                # Gone, unreadable, no descriptor left: the next start says so, and the next look tries again.
                with contextlib.suppress(VestibuleError, OSError):
                    await to_the_end(self._keep_promoted)  # first: what is damaged is let go, then made again
                    renew, ready, leave = await asyncio.to_thread(self._losses)
                    # What has failed is tried again later.  Asked here: the thread may see a renewal's end
                    # before its failure is counted.
                    again = (renew and not self._failures) or (ready and not self._served_failures) or leave
                    if again and not self._looking:
                        self._wake.set()
        finally:
            self._let_go()

    def _losses(self) -> tuple[bool, bool, bool]:
        """Whether there is something to renew, to make ready, to leave.

        Somebody may have removed the register or the cache, exchanged QEMU, or written to a golden.
        """
        return self._reason() is not None, self._unready() is not None, self._beyond_repair() is not None

    def _keep_promoted(self) -> None:
        self._keep(self._promotions.register.promoted)

    def _keep(self, promoted: GoldenId | None) -> None:
        """A damaged one is let go: what it is made of must go before it can be made again."""
        if promoted is not None and not self._is_usable(promoted):
            promoted = None
        if self._hold is not None and self._hold.golden_id == promoted:
            return
        self._let_go()
        if promoted is not None:
            self._hold = self._goldens.hold(promoted)

    def _is_usable(self, golden_id: GoldenId) -> bool:
        try:
            self._goldens.usable(golden_id)
        except VestibuleError:
            return False
        return True

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.release()
            self._hold = None


def _pause(failures: int) -> float:
    return RETRY_S[min(failures, len(RETRY_S)) - 1]
