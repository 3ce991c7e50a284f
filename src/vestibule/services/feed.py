"""Push: whoever waits for news of a session is woken when it changes.

The feed carries no data.  A subscriber reads the session from the store when woken, so that it can
never show something that was not stored, and many changes in a burst cost one read.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from vestibule.core.ids import SessionId


class Feed:
    """One per controller; holds an entry per waiting subscriber and nothing else."""

    def __init__(self) -> None:
        self._waiting: dict[SessionId, set[asyncio.Event]] = {}
        self._closed = False

    def publish(self, session_id: SessionId) -> None:
        """Wake everyone who waits for this session."""
        for event in self._waiting.get(session_id, ()):
            event.set()

    def close(self) -> None:
        """End every subscription: the controller stops."""
        self._closed = True
        for session_id in tuple(self._waiting):
            self.publish(session_id)

    @contextlib.contextmanager
    def _subscription(self, session_id: SessionId) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        event.set()  # the first turn shows the present state
        subscribers = self._waiting.setdefault(session_id, set())
        subscribers.add(event)
        try:
            yield event
        finally:
            subscribers.discard(event)
            if not subscribers:
                self._waiting.pop(session_id, None)

    async def changes(self, session_id: SessionId, idle_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every change, False when nothing changed for ``idle_s``."""
        with self._subscription(session_id) as event:
            while not self._closed:
                try:
                    async with asyncio.timeout(idle_s):
                        await event.wait()
                except TimeoutError:
                    yield False
                else:
                    event.clear()
                    yield not self._closed
