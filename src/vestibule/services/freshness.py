"""Freshness: notices that inputs have changed, and has a golden of today's inputs built, tried and promoted.

::

    inputs on disk change ─▶ wanted name ─▶ promoted? ─no─▶ policy ─▶ build ─▶ snapshot ─▶ canary ─▶ promote
                                               │                                             └─▶ reject
                                               └─yes─▶ nothing

Machines that run are never touched: a promotion moves a pointer, and only starts read it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from vestibule.core import diagnosis
from vestibule.core.errors import VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import StalePolicy
from vestibule.core.renewal import Outcome
from vestibule.services.ports import GoldenStore, Hold
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS, GoldenWorks, Renewals

log = structlog.get_logger()

RETRY_S = (60.0, 300.0, 900.0, 3600.0)
"""After a failed build, which may be the mirror's fault; the last one again and again."""
HOLD_S = 60.0
"""How often the register is read for promotions of which nobody tells: the command line's."""
ASKED = "somebody asked for it"
NOTHING_PROMOTED = "no golden was promoted"
CHANGED = "inputs have changed"


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
            if self._reason() is not None and not self._asked:
                self._renewals.promote_tried(self._goldens.wanted(), self._goldens)

    def ask(self) -> None:
        """Renew now, whatever the policy; a rejected or rolled-back golden is given another try."""
        self._promotions.reconsider(self._goldens.wanted())
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
        try:
            return await self._catch_up()
        except Exception:
            log.exception("Goldens could not be looked after; tried again later")
            return self._later()

    async def _catch_up(self) -> float | None:
        """One look; after how many seconds to look again, None for not before something changes."""
        reason = self._reason()
        self._asked = False
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

    def _later(self) -> float:
        self._failures += 1
        return RETRY_S[min(self._failures, len(RETRY_S)) - 1]

    def _reason(self) -> str | None:
        """Why to renew now; None for no reason, or none that the policy lets count."""
        wanted = self._goldens.wanted()
        if self._asked:
            return ASKED
        if self._promotions.rule.policy is not StalePolicy.REBUILD or self._promotions.is_dismissed(wanted):
            return None
        promoted = self._promotions.register.promoted
        if promoted is None:
            return NOTHING_PROMOTED
        return CHANGED if promoted != wanted or not self._is_ready(wanted) else None

    def _is_ready(self, golden_id: GoldenId) -> bool:
        there = self._goldens.has(golden_id)
        return there and all(self._works.is_prepared(golden_id, driver) for driver in self._works.drivers)

    async def _hold_promoted(self) -> None:
        """Hold what machines start from, whoever promoted it, so that no other process collects it."""
        try:
            async for _ in self._renewals.feed.changes(GOLDENS, HOLD_S):
                # Gone, unreadable, no descriptor left: the next start says so, and the next look tries again.
                with contextlib.suppress(VestibuleError, OSError):
                    self._keep(self._promotions.register.promoted)
                    self._notice_loss()
        finally:
            self._let_go()

    def _notice_loss(self) -> None:
        """Somebody may have removed the register, or the cache; a build that fails is tried again later."""
        if not self._renewals.busy and not self._failures and self._reason() is not None:
            self._wake.set()

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
