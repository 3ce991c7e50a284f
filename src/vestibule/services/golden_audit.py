"""Moves of goldens in the audit, whoever made them, a command beside the controller too; builds that broke.

The register has them all.  A move that a person made here is written down by the route, with who it was; what
is not there a moment later was the controller's, or a command's.  A renewal that broke moves nothing, and is
shown only until the next one begins: here it stays.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

import structlog

from vestibule.core.audit import AuditAction, AuditEvent, AuditOutcome, fit
from vestibule.core.promotion import GoldenStatus, Move
from vestibule.core.renewal import Outcome, Renewal
from vestibule.services.audit import AuditRows
from vestibule.services.ports import Clock
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS, Renewals

log = structlog.get_logger()

SETTLED = dt.timedelta(seconds=5)
"""So long a move may be on its way into the audit through its route."""
LOOK_S = 10.0
"""A command tells nobody of its move."""

_ACTIONS = {
    GoldenStatus.PROMOTED: AuditAction.GOLDEN_PROMOTED,
    GoldenStatus.ROLLED_BACK: AuditAction.GOLDEN_ROLLED_BACK,
    GoldenStatus.REJECTED: AuditAction.GOLDEN_REJECTED,
}


class GoldenAudit:
    """One per controller: a task."""

    def __init__(self, *, rows: AuditRows, promotions: Promotions, renewals: Renewals, clock: Clock) -> None:
        self._rows = rows
        self._promotions = promotions
        self._renewals = renewals
        self._clock = clock
        self._written: dt.datetime | None = None
        """Moves up to here are in the audit."""
        self._broken: Renewal | None = None
        """The newest renewal that broke and is in the audit."""

    async def run(self) -> None:
        """Until cancelled: look at the register whenever a golden's state may have changed."""
        async for _ in self._renewals.feed.changes(GOLDENS, LOOK_S):
            try:
                await self.look()
            except Exception:
                log.exception("Moves of goldens could not be written into the audit; it is tried again")

    async def look(self) -> None:
        """Write down what is missing."""
        if self._written is None:
            self._written = await self._rows.newest(frozenset(_ACTIONS.values()))
        until = self._clock.now() - SETTLED
        moves = (await asyncio.to_thread(lambda: self._promotions.register)).moves
        fresh = [move for move in moves if self._is_new(move) and move.at <= until]
        current = self._renewals.current
        broken = [] if current is self._broken else _broken(current)
        if events := [*_events(fresh), *broken]:
            await self._rows.add_missing(events)
        if broken:
            self._broken = current
        if fresh:
            self._written = fresh[-1].at

    def _is_new(self, move: Move) -> bool:
        return self._written is None or move.at > self._written


def _broken(renewal: Renewal | None) -> Sequence[AuditEvent]:
    if renewal is None or renewal.outcome is not Outcome.FAILED or renewal.failure is None:
        return []
    event = AuditEvent(
        at=renewal.ended_at or renewal.began_at,
        action=AuditAction.GOLDEN_NOT_RENEWED,
        subject=renewal.golden_id,
        outcome=AuditOutcome.FAILED,
        code=renewal.failure.code,
        detail=renewal.failure.cause,
    )
    return [fit(event)]


def _events(moves: Sequence[Move]) -> Sequence[AuditEvent]:
    """What is promoted by a roll-back is a part of that."""
    left = {move.at for move in moves if move.to is GoldenStatus.ROLLED_BACK}
    return [
        fit(AuditEvent(at=move.at, action=_ACTIONS[move.to], subject=move.golden_id, detail=move.why))
        for move in moves
        if move.to in _ACTIONS and not (move.to is GoldenStatus.PROMOTED and move.at in left)
    ]
