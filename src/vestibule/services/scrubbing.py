"""Scrubbing: the promoted golden is read through now and then, so that decay is found before a machine is.

A file system's scrub does the same.  What was written to shows at every start already, in a golden's quick
check; what decays unwritten, a bit of a disk, shows only when it is read.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Sequence

import structlog

from vestibule.core.errors import VestibuleError
from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import GOLDENS

log = structlog.get_logger()

AGAIN = dt.timedelta(minutes=10)
"""After a scrub that found damage, or came to no end."""
CALM = dt.timedelta(minutes=5)
"""After a start or a promotion: then people sign in, and a scrub takes a whole processor, however nice."""
LOOK_S = 60.0
"""How often it is asked whether a scrub is due."""
Scrub = Callable[[GoldenId], Awaitable[Sequence[Damage]]]
"""Reads a golden through; what is damaged is remembered, and no machine starts from it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scrubbed:
    """The outcome of one scrub."""

    golden_id: GoldenId
    at: dt.datetime
    damages: Sequence[Damage]


class Scrubbing:
    """One per controller: a task that reads the promoted golden through when it is due."""

    def __init__(
        self,
        *,
        scrub: Scrub,
        promotions: Promotions,
        feed: Feed[str],
        clock: Clock,
        every: dt.timedelta | None,
    ) -> None:
        """``every``: None never scrubs."""
        self.last: Scrubbed | None = None
        """The newest that came to its end; None before the first."""
        self._begun: tuple[GoldenId, dt.datetime] | None = None
        self._met: tuple[GoldenId, dt.datetime] | None = None
        """What is promoted, and since when that is known here."""
        self._scrub = scrub
        self._promotions = promotions
        self._feed = feed
        self._clock = clock
        self._every = every

    async def run(self) -> None:
        """Until cancelled."""
        if self._every is None:
            return
        async for _ in self._feed.changes(GOLDENS, LOOK_S):
            # A register that cannot be read: the next start says so.
            with contextlib.suppress(VestibuleError):
                await self._look(self._every)

    async def _look(self, every: dt.timedelta) -> None:
        promoted = self._promotions.register.promoted
        if promoted is None or not self._is_due(promoted, every):
            return
        began_at = self._clock.now()
        self._begun = promoted, began_at
        try:
            damages = await self._scrub(promoted)
        except (VestibuleError, OSError) as error:  # OSError: no process could be started
            log.warning("Golden could not be scrubbed", golden_id=promoted, cause=str(error))
            return
        self.last = Scrubbed(golden_id=promoted, at=began_at, damages=damages)
        for damage in damages:
            log.error("Golden is damaged", golden_id=promoted, **dataclasses.asdict(damage))
        self._feed.publish(GOLDENS)

    def _is_due(self, promoted: GoldenId, every: dt.timedelta) -> bool:
        now = self._clock.now()
        if self._met is None or self._met[0] != promoted:
            self._met = promoted, now
        if self._begun is None or self._begun[0] != promoted:
            return now - self._met[1] >= min(CALM, every)
        began_at = self._begun[1]
        pause = every if self._was_sound(began_at) else min(AGAIN, every)
        return now - began_at >= pause

    def _was_sound(self, began_at: dt.datetime) -> bool:
        """Whether the scrub that began then came to its end and found nothing; damage may be mended."""
        last = self.last
        return last is not None and last.at == began_at and not last.damages
