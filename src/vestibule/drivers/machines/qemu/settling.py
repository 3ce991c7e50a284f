"""A monitor that another controller spoke to, brought to rest: between two lines, in both directions.

Whoever was killed may have sent half a command and read half an answer.  A byte that is in no JSON text
makes QEMU drop what it has of a command (qmp-spec, "Forcing the JSON parser into known-good state"); the
answer to a question of our own then ends all that was meant for others.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket

_RESET = b"\xff"


async def settle(monitor: socket.socket) -> None:
    """Return when all that is read from now on is ours.  Raises OSError when the other end has gone."""
    loop = asyncio.get_running_loop()
    mark = f"settle-{os.urandom(8).hex()}"
    question = json.dumps({"execute": "query-status", "id": mark}).encode()
    await loop.sock_sendall(monitor, _RESET + question + b"\n")
    while mark.encode() not in await _line(loop, monitor):
        pass


async def _line(loop: asyncio.AbstractEventLoop, monitor: socket.socket) -> bytes:
    """Byte by byte, as what follows our answer is not for us to take."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = await loop.sock_recv(monitor, 1)
        if not byte:
            raise ConnectionResetError("the monitor was closed")
        line += byte
    return bytes(line)
