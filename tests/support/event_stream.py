"""Server-sent events, read as a page reads them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx


class Stream:
    """The events of one subscriber, as they come."""

    def __init__(self, answer: httpx.Response) -> None:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        self._lines = answer.aiter_lines()

    async def next(self) -> dict[str, Any] | None:
        """The next event's data with its id; None when the stream has ended."""
        event: dict[str, Any] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line and event:
                    return event
                name, _, value = line.partition(": ")
                if name == "data":
                    event |= json.loads(value)
                elif name in {"id", "event"}:
                    event[name] = value
        return None

    async def all(self) -> list[dict[str, Any]]:
        """Everything up to the end."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found
