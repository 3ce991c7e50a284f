"""A bare TCP copy, in a process of its own: what bytes cost that only pass, on the controller's event loop.

    python -m vestibule.benches.relay.copying DESKTOP_PORT

It prints its port, and ends at the end of its standard input.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import uvloop

from vestibule.benches.relay.desktop import BACKLOG


class _End(asyncio.Protocol):
    """One of two connections; what comes in goes out at the other."""

    def __init__(self, other: _End | None = None) -> None:
        self.transport: asyncio.Transport
        self.other = other

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self.other is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Read nothing that could not be passed on."""
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """End both."""
        if self.other is not None:
            self.other.transport.close()


class _Viewer(_End):
    """The end that came to us, and says nothing before the other has; it opens that."""

    def __init__(self, desktop_port: int) -> None:
        super().__init__()
        self._desktop_port = desktop_port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the desktop."""
        super().connection_made(transport)
        self._opening = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        _, self.other = await loop.create_connection(lambda: _End(self), "127.0.0.1", self._desktop_port)


async def _serve(desktop_port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Viewer(desktop_port), "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 (how its parent learns of it)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
