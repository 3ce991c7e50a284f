"""Push: whoever waits for news of a thing (a session, the goldens) is woken when it changes.

The feed carries no data.  A subscriber reads the thing from the store when woken, so that it can
never show something that was not stored, and many changes in a burst cost one read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Feed(Generic[K]):
    """One per controller; holds an entry per waiting subscriber and nothing else."""

    def __init__(self) -> None:
        self._waiting: dict[K, set[asyncio.Event]] = {}
        self._closed = False

    def publish(self, key: K) -> None:
        """Wake everyone who waits for this one."""
        for event in self._waiting.get(key, ()):
            event.set()

    def close(self) -> None:
        """End every subscription: the controller stops."""
        self._closed = True
        for key in tuple(self._waiting):
            self.publish(key)

    @contextlib.contextmanager
    def _subscription(self, key: K) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        event.set()  # the first turn shows the present state
        subscribers = self._waiting.setdefault(key, set())
        subscribers.add(event)
        try:
            yield event
        finally:
            subscribers.discard(event)
            if not subscribers:
                self._waiting.pop(key, None)

    async def changes(self, key: K, idle_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every change, False when nothing changed for ``idle_s``."""
        with self._subscription(key) as event:
            while not self._closed:
                try:
                    async with asyncio.timeout(idle_s):
                        await event.wait()
                except TimeoutError:
                    yield False
                else:
                    event.clear()
                    yield not self._closed
