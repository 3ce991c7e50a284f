"""A deadline that moves: the person gives signs of life.

It is stored as a moment of the wall clock, and waited for on one that nobody sets: a host whose clock is
stepped an hour ahead cuts nobody off, and one that is set back keeps no machine for an hour longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable

RETURN_S = 60.0
"""Nobody can give a sign of life while there is no controller: so long a deadline is at least, afterwards."""


class Deadline:
    """Of one sign-in."""

    def __init__(self, monotonic: Callable[[], float], left_s: float) -> None:
        """``monotonic``: seconds of the clock that nobody sets; ``left_s`` from now on."""
        self._monotonic = monotonic
        self._ends = monotonic() + left_s
        self._moved = asyncio.Event()

    def move(self, left_s: float) -> None:
        """From now on there is so much time."""
        self._ends = self._monotonic() + left_s
        self._moved.set()

    async def passed(self) -> None:
        """Return once it has."""
        while (left_s := self._ends - self._monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._moved.wait()
            self._moved.clear()


def left_s(deadline_at: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds until a moment of the wall clock; none where there is no deadline."""
    return ((deadline_at or now) - now).total_seconds()


def within(deadline: dt.datetime | None, now: dt.datetime, most_s: float) -> dt.datetime:
    """Time to come back, and no more than there ever is: the clock may have been set back meanwhile."""
    soonest, latest = (now + dt.timedelta(seconds=seconds) for seconds in (RETURN_S, max(RETURN_S, most_s)))
    return min(max(deadline or soonest, soonest), latest)
