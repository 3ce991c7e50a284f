"""The terminal in a person's own browser: WebSocket ⇄ the guest's terminal stream.

::

    binary message              → input, as it is
    text {"columns", "rows"}    → the terminal's size
    text {"ping": n}            → answered here with {"pong": n}: the connection stands
    binary message              ← what the terminal shows, as it is
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import WebSocket, WebSocketDisconnect

from vestibule.api.signs import Signs, Used, signs_of
from vestibule.core.errors import BadInput
from vestibule.core.metrics import RELAY_BYTES
from vestibule.core.typed_texts import SHORTEST
from vestibule.services.meter import Meter
from vestibule.services.racing import first_of
from vestibule_agent import terminal_frames as frames

CHUNK_BYTES = 65_536
NOTICED_BYTES = 8
"""Input that comes at once and is no shorter was pasted: it counts as typed text."""
PASTE_BEGINS, PASTE_ENDS = b"\x1b[200~", b"\x1b[201~"
"""Around what is pasted into a program that asked for it (bracketed paste, xterm's mode 2004)."""

Typed = Callable[[str], Awaitable[None]]


async def relay(websocket: WebSocket, guest: socket.socket, used: Used, typed: Typed, meter: Meter) -> None:
    """Copy both ways until either side ends; closes the guest's socket.

    Told beside the copying: ``used`` for input, once in USED_EVERY_S at most; ``typed`` with a text that was
    pasted, which is begun before the machine gets it.
    """
    reader, writer = await asyncio.open_connection(sock=guest, limit=CHUNK_BYTES)
    async with signs_of(used) as signs:
        try:
            await first_of(
                _to_guest(websocket, writer, _Input(signs, typed), meter),
                _to_viewer(reader, websocket, meter),
            )
        finally:  # whatever is still being told
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Input:
    """Looks at what one person types."""

    def __init__(self, signs: Signs, typed: Typed) -> None:
        self._signs, self._typed = signs, typed

    async def look(self, data: bytes) -> None:
        if (text := pasted(data)) is not None:
            await self._signs.tell(self._typed(text))
        self._signs.of_life()


def pasted(data: bytes) -> str | None:
    """The text that came at once, without a paste's brackets; None when it was typed, or says nothing."""
    text = data.replace(PASTE_BEGINS, b"").replace(PASTE_ENDS, b"")
    shortest = NOTICED_BYTES if text == data else SHORTEST
    return text.decode(errors="replace") if len(text) >= shortest else None


async def _to_viewer(reader: asyncio.StreamReader, websocket: WebSocket, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError, WebSocketDisconnect):
        while data := await reader.read(CHUNK_BYTES):
            await websocket.send_bytes(data)
            meter.count(RELAY_BYTES, "down", by=len(data))


async def _to_guest(websocket: WebSocket, writer: asyncio.StreamWriter, look: _Input, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError, WebSocketDisconnect):
        async for message in _received(websocket):
            if isinstance(message, bytes):
                await look.look(message)
                passed = frames.keys(message)
            elif (number := _ping(asked := _asked(message))) is not None:
                await websocket.send_text(json.dumps({"pong": number}))
                continue
            else:
                passed = frames.size(*_size(asked))
            writer.write(passed)
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


def _asked(text: str) -> object:
    """What a text message says; None when it is no JSON."""
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None


def _ping(asked: object) -> int | None:
    """The number of a ping; None when it is none."""
    match asked:
        case {"ping": int(number)}:
            return number
    return None


def _size(asked: object) -> tuple[int, int]:
    """Columns and rows.  Raises BadInput."""
    match asked:
        case {"columns": int(columns), "rows": int(rows)} if (
            columns in frames.COLUMNS and rows in frames.ROWS
        ):
            return columns, rows
    raise BadInput(
        "The terminal was given a size that is none.", remedy='Send {"columns": 80, "rows": 24}, for one.'
    )
