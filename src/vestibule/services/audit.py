"""The audit's writer: some events before anybody is answered, the others a moment behind what they tell of.

::

    record() ─▶ hands out a secret? ─yes─▶ on the disk, then the answer
                        └─no─▶ unstored ─▶ one task, while something is left ─▶ rows, in batches

What cannot be stored is tried again, and said in the log once: no deed fails for it, but those of the first
kind.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections import deque
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from vestibule.core.audit import BEFORE_THE_ANSWER, AuditAction, AuditEvent, AuditOutcome, fit
from vestibule.core.ids import UserId
from vestibule.services.ports import Clock

log = structlog.get_logger()

GATHER_S = 0.05
"""Deeds come in bursts; so long the first of one waits for the others."""
BATCH = 200
MOST = 10_000
"""Unstored at a time: beyond that the oldest are given up, and that is said."""
AGAIN_S = 5.0
CLOSE_S = 2.0


class AuditRows(Protocol):
    """Table ``audit_events``: nothing changes or removes a row.

    An actor's name is looked up as the event is stored, and kept.
    """

    async def add(self, events: Sequence[AuditEvent]) -> None:
        """Add events, in this order."""
        ...

    async def add_durably(self, event: AuditEvent) -> None:
        """Add one, on the disk."""
        ...

    async def add_missing(self, events: Sequence[AuditEvent]) -> None:
        """Add those that are not there: no row has the same subject, time and action."""
        ...

    async def newest(self, actions: Collection[AuditAction]) -> dt.datetime | None:
        """The time of the newest event of one of these actions; None when there is none."""
        ...


class Audit:
    """One per controller."""

    def __init__(self, *, rows: AuditRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._unstored: deque[AuditEvent] = deque()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._closed = False

    def now(self) -> dt.datetime:
        """The time that events are given."""
        return self._clock.now()

    async def record(self, event: AuditEvent) -> None:
        """Write it down.  Raises what the store raises for one of BEFORE_THE_ANSWER that was done."""
        if event.action in BEFORE_THE_ANSWER and event.outcome is AuditOutcome.DONE:
            await self._rows.add_durably(fit(event))
        else:
            self._put(event)

    def note(
        self,
        action: AuditAction,
        *,
        subject: str,
        actor_id: UserId | None = None,
        code: str | None = None,
        detail: str = "",
    ) -> None:
        """Something that the controller itself did, now; with a ``code``, failed to.  Returns at once."""
        self._put(
            AuditEvent(
                at=self.now(),
                action=action,
                actor_id=actor_id,
                subject=subject,
                outcome=AuditOutcome.DONE if code is None else AuditOutcome.FAILED,
                code=code,
                detail=detail,
            )
        )

    def _put(self, event: AuditEvent) -> None:
        if self._closed:
            log.warning("An event of the audit came when the database closed", action=event.action)
            return
        if len(self._unstored) == MOST:
            lost = self._unstored.popleft()
            log.error("An event of the audit is given up", action=lost.action, subject=lost.subject)
        self._unstored.append(fit(event))
        self._write_behind()

    def _write_behind(self) -> None:
        if not self._closed and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._write_all(), name="audit")

    async def catch_up(self) -> None:
        """Store what there is before somebody's name is gone, if that can be done in CLOSE_S."""
        if self._task is None or self._closed:
            return
        self._hurry.set()
        await asyncio.wait({self._task}, timeout=CLOSE_S)
        self._hurry.clear()
        if self._unstored:
            self._write_behind()

    async def close(self) -> None:
        """Store what there is, if that can be done in CLOSE_S; nothing is written afterwards."""
        self._closed = True
        if self._task is None:
            return
        self._hurry.set()
        await asyncio.wait({self._task}, timeout=CLOSE_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._unstored:
            log.error("Events of the audit were not stored", events=len(self._unstored))

    async def _write_all(self) -> None:
        while self._unstored:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S if self._failing else GATHER_S):
                    await self._hurry.wait()
            await self._write_some()
            if self._failing and self._hurry.is_set():
                return  # the controller stops, and has no time for another try

    async def _write_some(self) -> None:
        batch = [self._unstored.popleft() for _ in range(min(BATCH, len(self._unstored)))]
        try:
            await self._rows.add(batch)
        except Exception:
            self._unstored.extendleft(reversed(batch))
            if not self._failing:
                log.exception("The audit cannot be stored; it is tried again, and this is not said again")
            self._failing = True
        else:
            self._failing = False
