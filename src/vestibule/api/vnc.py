"""The remote view: WebSocket ⇄ the guest's RFB stream, bytes unread, with backpressure both ways."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from fastapi import WebSocket, WebSocketDisconnect

from vestibule.core.metrics import RELAY_BYTES
from vestibule.services.meter import Meter

CHUNK_BYTES = 65_536
SUBPROTOCOL = "binary"
TICKET_PREFIX = "vestibule.ticket."

POLICY_VIOLATION = 1008
"""WebSocket close codes, RFC 6455 section 7.4.1."""
GOING_AWAY = 1001
INTERNAL_ERROR = 1011


def offered_ticket(websocket: WebSocket) -> str | None:
    """The ticket in Sec-WebSocket-Protocol; a URL would end up in logs and histories."""
    for offered in websocket.scope.get("subprotocols", ()):
        if offered.startswith(TICKET_PREFIX):
            return str(offered.removeprefix(TICKET_PREFIX))
    return None


async def relay(websocket: WebSocket, rfb: socket.socket, meter: Meter) -> None:
    """Copy both ways until either side ends; closes both.  ``meter`` counts the bytes."""
    reader, writer = await asyncio.open_connection(sock=rfb, limit=CHUNK_BYTES)
    try:
        async with asyncio.TaskGroup() as copies:
            down = copies.create_task(_to_viewer(reader, websocket, meter))
            up = copies.create_task(_to_guest(websocket, writer, meter))
            await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
            down.cancel()
            up.cancel()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _to_viewer(reader: asyncio.StreamReader, websocket: WebSocket, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError, WebSocketDisconnect):
        while data := await reader.read(CHUNK_BYTES):
            await websocket.send_bytes(data)
            meter.count(RELAY_BYTES, "down", by=len(data))


async def _to_guest(websocket: WebSocket, writer: asyncio.StreamWriter, meter: Meter) -> None:
    with contextlib.suppress(ConnectionError):
        async for data in _received(websocket):
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
