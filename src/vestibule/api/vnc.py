"""The remote view: WebSocket ⇄ the guest's RFB stream, with backpressure both ways, no byte changed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from fastapi import WebSocket, WebSocketDisconnect

from vestibule.core.errors import VestibuleError
from vestibule.core.metrics import RELAY_BYTES
from vestibule.core.viewer_input import ViewerInput
from vestibule.services.meter import Meter

log = structlog.get_logger()

CHUNK_BYTES = 65_536
USED_EVERY_S = 10.0
SUBPROTOCOL = "binary"
TICKET_PREFIX = "vestibule.ticket."

POLICY_VIOLATION = 1008
"""WebSocket close codes, RFC 6455 section 7.4.1."""
GOING_AWAY = 1001
INTERNAL_ERROR = 1011

Used = Callable[[], Awaitable[None]]


def offered_ticket(websocket: WebSocket) -> str | None:
    """The ticket in Sec-WebSocket-Protocol; a URL would end up in logs and histories."""
    for offered in websocket.scope.get("subprotocols", ()):
        if offered.startswith(TICKET_PREFIX):
            return str(offered.removeprefix(TICKET_PREFIX))
    return None


async def relay(websocket: WebSocket, rfb: socket.socket, used: Used, meter: Meter) -> None:
    """Copy both ways until either side ends; closes both.

    ``used`` is called when a person types or points, once in USED_EVERY_S at most, beside the copying.
    ``meter`` counts the bytes.
    """
    reader, writer = await asyncio.open_connection(sock=rfb, limit=CHUNK_BYTES)
    try:
        async with asyncio.TaskGroup() as copies:
            down = copies.create_task(_to_viewer(reader, websocket, meter))
            up = copies.create_task(_to_guest(websocket, writer, _Use(used, copies), meter))
            await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
            down.cancel()
            up.cancel()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Use:
    """Looks at what one viewer sends, without touching it."""

    def __init__(self, used: Used, tasks: asyncio.TaskGroup) -> None:
        self._used = used
        self._tasks = tasks
        self._input = ViewerInput()
        self._again_at = 0.0

    def look(self, data: bytes) -> None:
        """Tell of a person's input, unless that was told a moment ago."""
        now = asyncio.get_running_loop().time()
        if self._input.feed(data) and now >= self._again_at:
            self._again_at = now + USED_EVERY_S
            self._tasks.create_task(self._tell())

    async def _tell(self) -> None:
        try:
            await self._used()
        except VestibuleError as error:  # a full disk: the view goes on
            log.warning("A sign of life could not be kept", code=error.failure_code, cause=error.cause)


async def _to_viewer(reader: asyncio.StreamReader, websocket: WebSocket, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError, WebSocketDisconnect):
        while data := await reader.read(CHUNK_BYTES):
            await websocket.send_bytes(data)
            meter.count(RELAY_BYTES, "down", by=len(data))


async def _to_guest(websocket: WebSocket, writer: asyncio.StreamWriter, use: _Use, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError):
        async for data in _received(websocket):
            use.look(data)
            writer.write(data)
            await writer.drain()
            meter.count(RELAY_BYTES, "up", by=len(data))


async def _received(websocket: WebSocket) -> AsyncIterator[bytes]:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (data := message.get("bytes")) is not None:
                yield data


async def close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close with a reason that the page can show; a viewer that is gone already is left alone."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await websocket.close(code, reason)
