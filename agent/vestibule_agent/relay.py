"""Copies bytes both ways between two streams, never faster than the slower side reads."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from vestibule_agent.uplink import Uplink

CHUNK_BYTES = 65_536
_CONNECT_S = 10.0

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def relay(one: Stream, other: Stream) -> None:
    """Copy until both directions have ended; closes both writers."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_copy(one[0], other[1]))
            tasks.create_task(_copy(other[0], one[1]))
    finally:
        one[1].close()
        other[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()


async def serve_relay(port: int, host: Callable[[], str | None], uplink: Uplink) -> asyncio.Server:
    """Listen on the guest's 127.0.0.1 and relay each connection over the uplink to the same port of ``host``.

    While ``host`` is not known yet, connections are closed at once.
    """

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target = await _open(uplink, host(), port)
        except OSError:
            writer.close()
            return
        await relay((reader, writer), target)

    return await asyncio.start_server(accept, "127.0.0.1", port)


async def _open(uplink: Uplink, host: str | None, port: int) -> Stream:
    """Connect from the uplink's side.  Raises OSError, TimeoutError included."""
    if host is None:
        raise ConnectionRefusedError("there was no hand-over yet")
    with uplink.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        async with asyncio.timeout(_CONNECT_S):
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
        return await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise
