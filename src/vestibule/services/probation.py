"""Probation: judges the promoted golden by the machines that people use, and rolls back by itself.

::

    a machine ended ─▶ its golden's machines since the promotion ─▶ standing ─condemned─▶ roll back, say why
"""

from __future__ import annotations

import asyncio
import datetime as dt

import structlog

from vestibule.core.errors import Conflict
from vestibule.core.probation import standing
from vestibule.core.promotion import NO_GOLDEN_BEFORE, GoldenStatus, Move, Register
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS
from vestibule.services.repositories import Machines

log = structlog.get_logger()

MACHINES = 200
"""The newest that are looked at."""
PAUSE = dt.timedelta(hours=6)
"""Between two automatic roll-backs: goldens that fail one after the other fail by the host's fault."""
AUTOMATICALLY = "rolled back automatically"
"""How the reason of such a roll-back ends."""


class Probation:
    """One per controller: a task."""

    def __init__(self, *, rows: Machines, promotions: Promotions, feed: Feed[str], clock: Clock) -> None:
        self._rows = rows
        self._promotions = promotions
        self._feed = feed
        self._clock = clock
        self._ended = asyncio.Event()

    def machine_ended(self) -> None:
        """A machine's row was closed."""
        self._ended.set()

    async def run(self) -> None:
        """Until cancelled: judge after every end of a machine."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            try:
                await self.judge()
            except Exception:
                log.exception("The promoted golden could not be judged")

    async def judge(self) -> None:
        """Look at the promoted golden's machines; leave it when they condemn it."""
        register = await asyncio.to_thread(lambda: self._promotions.register)
        promoted = register.promoted
        move = register.last(promoted) if promoted else None
        if promoted is None or move is None:
            return
        found = standing(await self._rows.ended_of(promoted, since=move.at, limit=MACHINES))
        if not found.condemned:
            return
        if (left := self._left_lately(register)) is not None:
            await self._tell(move, found.sentence, f"{left.golden_id} was left automatically a few hours ago")
            return
        why = f"{found.sentence}; {AUTOMATICALLY}"
        try:
            await asyncio.to_thread(self._promotions.roll_back, why=why, leaving=promoted)
        except Conflict as error:
            if error.failure_code != NO_GOLDEN_BEFORE:
                return  # somebody has left it meanwhile
            await self._tell(move, found.sentence, "there is no earlier golden to return to")
        else:
            self._feed.publish(GOLDENS)

    def _left_lately(self, register: Register) -> Move | None:
        """The golden that was left automatically within the pause; None when there is none."""
        since = self._clock.now() - PAUSE
        left = (move for move in register.moves if move.to is GoldenStatus.ROLLED_BACK and move.at > since)
        return next((move for move in left if move.why.endswith(AUTOMATICALLY)), None)

    async def _tell(self, move: Move, sentence: str, but: str) -> None:
        """Say once, and keep in the register, that it fails and why it is served all the same."""
        if move.failing is not None:
            return
        why = f"{sentence}, but {but}"
        await asyncio.to_thread(self._promotions.condemn, move.golden_id, why=why)
        log.critical(
            "The golden fails its machines and is served all the same", golden_id=move.golden_id, why=why
        )
        self._feed.publish(GOLDENS)
