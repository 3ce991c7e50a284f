"""A connection to the X server for requests that answer and events that come by themselves."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from pathlib import Path

from vestibule_desktop import x11


class XError(ConnectionError):
    """The X server refused a request; most often the window was closed meanwhile."""


class XServerEnded(ConnectionError):
    """There is no X server any more."""

    def __init__(self) -> None:
        super().__init__("the X server has ended")


class XClient:
    """One client of the X server; its ``run`` receives until the server ends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, setup: bytes) -> None:
        self.setup = setup
        self._reader, self._writer = reader, writer
        self._sent = 0
        self._replies: dict[int, asyncio.Future[bytes]] = {}

    @classmethod
    async def connect(cls, socket: Path) -> XClient:
        """Connect and read the set-up.  Raises XError, XServerEnded or OSError."""
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            writer.write(x11.SETUP_REQUEST)
            head = await reader.readexactly(x11.SETUP_HEAD_BYTES)
            body = await reader.readexactly(4 * struct.unpack_from("<H", head, 6)[0])
        except asyncio.IncompleteReadError as error:
            writer.close()
            raise XServerEnded from error
        if head[0] != 1:
            writer.close()
            raise XError(f"the X server refused us: {body[: head[1]].decode(errors='replace')}")
        return cls(reader, writer, body)

    @property
    def ended(self) -> bool:
        """Whether nothing is answered any more."""
        return self._writer.is_closing()

    def send(self, *requests: bytes) -> None:
        """Send requests that nothing answers."""
        self._sent += len(requests)
        self._writer.write(b"".join(requests))

    async def ask(self, request: bytes) -> bytes:
        """Send a request and return its reply.  Raises XError, XServerEnded."""
        if self.ended:
            raise XServerEnded
        self.send(request)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._replies[self._sent & 0xFFFF] = future
        return await future

    async def atom(self, name: str) -> int:
        """The number of a name."""
        return int(struct.unpack_from("<I", await self.ask(x11.intern_atom(name)), 8)[0])

    async def run(self, on_event: Callable[[int, bytes], None]) -> None:
        """Receive; ``on_event`` hears of each event, by its type.  Raises XServerEnded in the end."""
        try:
            while True:
                packet = await self._reader.readexactly(x11.PACKET_BYTES)
                kind = packet[0] & 0x7F
                if kind == x11.REPLY:
                    packet += await self._reader.readexactly(4 * struct.unpack_from("<I", packet, 4)[0])
                if kind in {x11.ERROR, x11.REPLY}:
                    self._settle(kind, packet)
                else:
                    on_event(kind, packet)
        except asyncio.IncompleteReadError as error:
            raise XServerEnded from error
        finally:
            self._abandon()

    def _settle(self, kind: int, packet: bytes) -> None:
        future = self._replies.pop(struct.unpack_from("<H", packet, 2)[0], None)
        if future is None or future.done():
            return  # an error of a request that nobody waits for: its window is gone, most often
        if kind == x11.REPLY:
            future.set_result(packet)
        else:
            future.set_exception(XError(f"X error {packet[1]}"))

    def _abandon(self) -> None:
        self._writer.close()
        for future in self._replies.values():
            if not future.done():
                future.set_exception(XServerEnded())
                future.exception()
        self._replies.clear()
