"""A real HTTP server on loopback that takes posts, or refuses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import h11


class Receiver:
    """Keeps what it gets; ``answers`` are the statuses of the next answers, 204 when there are none left."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[Mapping[str, str], bytes]] = []
        self.answers: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http, body = h11.Connection(h11.SERVER), b""
        headers: dict[str, str] = {}
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                headers = {name.decode().lower(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
        self.got.append((headers, body))
        status = self.answers.pop(0) if self.answers else 204
        writer.write(http.send(h11.Response(status_code=status, headers=[("Connection", "close")])) or b"")
        writer.write(http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """On a free port, until the block ends."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}/hook?token=visibly-fake-token"
        yield receiver
