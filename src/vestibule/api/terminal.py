"""The terminal in a person's own browser: WebSocket ⇄ the guest's terminal stream.

::

    binary message              → input, as it is
    text {"columns", "rows"}    → the terminal's size
    binary message              ← what the terminal shows, as it is
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import WebSocket, WebSocketDisconnect

from vestibule.api.doors import until_one_ends
from vestibule.api.vnc import CHUNK_BYTES, USED_EVERY_S, Used
from vestibule.core.errors import BadInput
from vestibule.core.metrics import RELAY_BYTES
from vestibule.services.meter import Meter
from vestibule_agent import terminal_frames as frames

NOTICED_BYTES = 8
"""Input that comes at once and is no shorter was pasted: it counts as typed text."""

Typed = Callable[[str], Awaitable[None]]


async def relay(websocket: WebSocket, guest: socket.socket, used: Used, typed: Typed, meter: Meter) -> None:
    """Copy both ways until either side ends; closes the guest's socket.

    ``used`` is called for input, once in USED_EVERY_S at most; ``typed`` with a text that was pasted.
    """
    reader, writer = await asyncio.open_connection(sock=guest, limit=CHUNK_BYTES)
    try:
        await until_one_ends(
            _to_person(reader, websocket, meter),
            _to_guest(websocket, writer, _Input(used, typed), meter),
        )
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Input:
    """Looks at what one person types."""

    def __init__(self, used: Used, typed: Typed) -> None:
        self._used, self._typed = used, typed
        self._again_at = 0.0

    async def look(self, data: bytes) -> None:
        if len(data) >= NOTICED_BYTES:
            await self._typed(data.decode(errors="replace"))
        now = asyncio.get_running_loop().time()
        if now >= self._again_at:
            self._again_at = now + USED_EVERY_S
            await self._used()


async def _to_person(reader: asyncio.StreamReader, websocket: WebSocket, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError, WebSocketDisconnect):
        while data := await reader.read(CHUNK_BYTES):
            await websocket.send_bytes(data)
            meter.count(RELAY_BYTES, "down", by=len(data))


async def _to_guest(websocket: WebSocket, writer: asyncio.StreamWriter, look: _Input, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError):
        async for message in _received(websocket):
            if isinstance(message, bytes):
                await look.look(message)
                writer.write(frames.keys(message))
            else:
                writer.write(frames.size(*_size(message)))
            await writer.drain()
            meter.count(RELAY_BYTES, "up", by=len(message))


async def _received(websocket: WebSocket) -> AsyncIterator[bytes | str]:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes")
            yield data if data is not None else str(message.get("text") or "")


def _size(text: str) -> tuple[int, int]:
    """Columns and rows.  Raises BadInput."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        asked = json.loads(text)
        columns, rows = asked["columns"], asked["rows"]
        if columns in frames.COLUMNS and rows in frames.ROWS:
            return int(columns), int(rows)
    raise BadInput(
        "The terminal was given a size that is none.", remedy='Send {"columns": 80, "rows": 24}, for one.'
    )
