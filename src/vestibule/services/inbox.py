"""What a run has yet to decide on: bounded, because a guest that nobody trusts fills it."""

from __future__ import annotations

import asyncio

from vestibule.core import sessions as s

_NEWEST = (s.PageShown, s.UserCodeSeen)
"""Of these only the last word counts; of every other kind the first, as ``decide`` would have it."""


class Inbox:
    """At most one event of each kind, in the order in which the kinds came."""

    def __init__(self) -> None:
        self._pending: dict[type[s.SessionEvent], s.SessionEvent] = {}
        self._filled = asyncio.Event()

    def put(self, event: s.SessionEvent) -> None:
        """Add an event, unless one of its kind waits that says the same or came first."""
        if isinstance(event, _NEWEST):
            self._pending[type(event)] = event
        else:
            self._pending.setdefault(type(event), event)
        self._filled.set()

    async def get(self) -> s.SessionEvent:
        """Take the oldest, once there is one; for one reader."""
        while not self._pending:
            self._filled.clear()
            await self._filled.wait()
        return self._pending.pop(next(iter(self._pending)))
