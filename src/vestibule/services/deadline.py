"""A deadline that moves: the person gives signs of life."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable

from vestibule.services.ports import Clock


class Deadline:
    """Of one sign-in."""

    def __init__(self, clock: Clock, at: Callable[[], dt.datetime | None]) -> None:
        """``at`` names it as it is stored now; without one it has passed."""
        self._clock = clock
        self._at = at
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """What is stored has changed."""
        self._moved.set()

    async def passed(self) -> None:
        """Return once it has."""
        while (left_s := self._left_s()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._moved.wait()
            self._moved.clear()

    def _left_s(self) -> float:
        now = self._clock.now()
        return ((self._at() or now) - now).total_seconds()
