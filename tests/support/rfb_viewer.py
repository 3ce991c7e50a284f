"""A viewer over a WebSocket: RFC 6143 spoken by hand."""

from __future__ import annotations

import asyncio
import struct

from websockets.asyncio.client import ClientConnection

from vestibule.drivers.machines import fake_desktop


class Viewer:
    """Reads a stream of bytes out of a WebSocket's messages."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._ahead = b""

    async def read(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        async with asyncio.timeout(10):
            while len(self._ahead) < count:
                message = await self.websocket.recv()
                assert isinstance(message, bytes)
                self._ahead += message
        taken, self._ahead = self._ahead[:count], self._ahead[count:]
        return taken

    async def greet(self) -> bytes:
        """RFC 6143 section 7.1 to 7.3; the server's name."""
        version = await self.read(len(fake_desktop.VERSION))
        await self.websocket.send(version)
        assert await self.read(2) == b"\x01\x01"
        await self.websocket.send(b"\x01")
        assert await self.read(4) == bytes(4)
        await self.websocket.send(b"\x01")
        head = await self.read(24)
        assert struct.unpack(">HH", head[:4]) == (fake_desktop.WIDTH, fake_desktop.HEIGHT)
        return await self.read(struct.unpack(">I", head[20:])[0])
