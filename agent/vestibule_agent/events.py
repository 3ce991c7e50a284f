"""The agent's events: numbered, kept in memory for the machine's short life, followed by any reader."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

from vestibule_agent.protocol import Event


class EventLog:
    """Append-only; ``follow`` replays and then waits for more."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._grown = asyncio.Event()

    def emit(self, kind: str, **data: Any) -> None:  # noqa: ANN401 - the keys are protocol.Event's
        """Add an event of one of the types listed at protocol.Event."""
        event = Event(seq=len(self._events) + 1, at=now_text(), type=kind, data=data)
        self._events.append(event)
        self._grown.set()
        self._grown = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[Event]:
        """Every event with a number above ``after``, now and later; never ends."""
        position = max(after, 0)
        while True:
            grown = self._grown
            for event in self._events[position:]:
                yield event
                position = event.seq
            if position >= len(self._events):
                await grown.wait()


def now_text() -> str:
    """The wall clock, ISO 8601, UTC."""
    return dt.datetime.now(dt.UTC).isoformat()
