"""The remote view: WebSocket ⇄ the guest's RFB stream, with backpressure both ways.

What a viewer sends goes through a gate: an owner's passes every byte, a watcher's what asks for pictures.  A
refusal is said after the handshake: before it, a browser hears of no code and no reason.  It costs no machine
and no look at one, and who does not close in turn is cut off by the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

from fastapi import WebSocket, WebSocketDisconnect

from vestibule.api.signs import Used, signs_of
from vestibule.core.errors import NotAllowed
from vestibule.core.failures import FailureCode
from vestibule.core.metrics import RELAY_BYTES
from vestibule.core.viewer_input import ViewerInput
from vestibule.services.meter import Meter
from vestibule.services.outlet import EXTENSION, Outlet
from vestibule.services.racing import first_of

SUBPROTOCOL = "binary"
TICKET_PREFIX = "vestibule.ticket."

CLOSE_S = 1.0
"""A viewer whose way is stuck is not waited for."""
MOST_OF_A_WATCHER = 16_384
"""Bytes of one message: a page that watches sends some hundred."""

GOING_AWAY = 1001
"""WebSocket close codes, RFC 6455 section 7.4.1; from 4000 on, our own."""
INTERNAL_ERROR = 1011
_CODES: Mapping[str, int] = {
    FailureCode.BAD_INPUT: 4400,
    FailureCode.NOT_SIGNED_IN: 4401,
    FailureCode.VIEW_TICKET_INVALID: 4401,
    FailureCode.VIEW_LINK_UNKNOWN: 4401,
    FailureCode.FOREIGN_ORIGIN: 4403,
    FailureCode.WATCHER_REFUSED: 4403,
    FailureCode.MACHINE_ABSENT: 4404,
    FailureCode.SESSION_OVER: 4410,
    FailureCode.VIEW_LINK_EXPIRED: 4410,
    FailureCode.VIEW_LINK_REVOKED: 4410,
    FailureCode.MACHINE_UNCONFIRMED: 4425,
    FailureCode.TOO_MANY_VIEWERS: 4429,
}
MACHINE_ENDED = "the machine has ended"
CONTROLLER_STOPS = "the controller stops"
_LEAVING = frozenset({MACHINE_ENDED, CONTROLLER_STOPS})

Gate = Callable[[bytes], bytes]
"""What of a viewer's bytes goes on.  Raises NotAllowed for what ends the view."""


def code_of(reason: str) -> int:
    """The close code that goes with a reason: a failure's code, or one of the ends that are none."""
    return GOING_AWAY if reason in _LEAVING else _CODES.get(reason, INTERNAL_ERROR)


async def refuse(websocket: WebSocket, reason: str) -> None:
    """Accept and close at once, so that a browser is told why."""
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in _offered(websocket) else None)
    await close(websocket, code_of(reason), reason)


def _offered(websocket: WebSocket) -> list[str]:
    return list(websocket.scope.get("subprotocols", ()))


def offered_ticket(websocket: WebSocket) -> str | None:
    """The ticket in Sec-WebSocket-Protocol; a URL would end up in logs and histories."""
    for offered in _offered(websocket):
        if offered.startswith(TICKET_PREFIX):
            return offered.removeprefix(TICKET_PREFIX)
    return None


async def relay(
    websocket: WebSocket, rfb: socket.socket, gate: Gate, meter: Meter, *, most: int | None = None
) -> None:
    """Copy both ways until either side ends; closes the guest's, and leaves the viewer's to be closed.

    ``gate`` sees every byte of the viewer's, ``meter`` counts those that go on; ``most``: bytes of one
    message.  Raises NotAllowed when the gate does, or for a longer message.
    """
    async with _poured(rfb, _outlet_of(websocket), meter) as (reader, writer):
        await first_of(_to_guest(_received(websocket, most), writer, gate, meter), _end_of(reader))


def _outlet_of(websocket: WebSocket) -> Outlet:
    return cast(Outlet, websocket.scope["extensions"][EXTENSION])


class _Desktop(asyncio.StreamReaderProtocol):
    """The guest's connection: what comes is poured out at once, so its reader learns only of the end."""

    def __init__(self, reader: asyncio.StreamReader, outlet: Outlet, meter: Meter) -> None:
        super().__init__(reader)
        self._outlet = outlet
        self._meter = meter

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._outlet.pour(data)
        self._meter.count(RELAY_BYTES, "down", by=len(data))


@contextlib.asynccontextmanager
async def _poured(
    rfb: socket.socket, outlet: Outlet, meter: Meter
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connected with the guest, which is read only while the viewer's way has room; closed afterwards."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    desktop = _Desktop(reader, outlet, meter)
    transport, _ = await loop.create_connection(lambda: desktop, sock=rfb)

    def told(room: bool) -> None:  # noqa: FBT001 (the outlet's two states)
        if not transport.is_closing():
            (transport.resume_reading if room else transport.pause_reading)()

    outlet.on_room(told)
    writer = asyncio.StreamWriter(transport, desktop, reader, loop)
    try:
        yield reader, writer
    finally:
        outlet.on_room(None)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _end_of(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        await reader.read()


@contextlib.asynccontextmanager
async def owners_gate(used: Used) -> AsyncIterator[Gate]:
    """Passes all that one viewer sends.

    ``used`` is called when a person types or points, once in USED_EVERY_S at most, beside the copying.
    """
    person = ViewerInput()
    async with signs_of(used) as signs:

        def look(data: bytes) -> bytes:
            if person.feed(data):
                signs.of_life()
            return data

        yield look


async def _to_guest(
    received: AsyncIterator[bytes], writer: asyncio.StreamWriter, gate: Gate, meter: Meter
) -> None:
    with contextlib.suppress(ConnectionError):
        async for data in received:
            passed = gate(data)
            writer.write(passed)
            await writer.drain()
            meter.count(RELAY_BYTES, "up", by=len(passed))


async def _received(websocket: WebSocket, most: int | None) -> AsyncIterator[bytes]:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (data := message.get("bytes")) is not None:
                if most is not None and len(data) > most:
                    raise _too_long(len(data))
                yield data


def _too_long(length: int) -> NotAllowed:
    return NotAllowed(
        f"A watcher's connection was ended: it sent a message of {length} bytes.",
        remedy="Watch with the page that the link opens; it sends nothing like it.",
        code=FailureCode.WATCHER_REFUSED,
    )


async def close(websocket: WebSocket, code: int, reason: str) -> None:
    """Close with a reason that the page can show; a viewer that is gone already is left alone."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        async with asyncio.timeout(CLOSE_S):
            await websocket.close(code, reason)
