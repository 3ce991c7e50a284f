"""Looks at a desktop and presses its keys, as a person's viewer does: RFB 3.8 (RFC 6143), raw pixels only.

No library: those at hand bring an event loop of their own or are no longer kept, and a canary needs four
messages of the protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator

from vestibule.core.errors import MachineFailed
from vestibule.core.pictures import Picture

_VERSION = b"RFB 003.008\n"
_NO_AUTHENTICATION = 1
_PIXEL_FORMAT = struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
_RAW_ONLY = struct.pack(">BxHi", 2, 1, 0)
_UPDATE, _BELL, _CUT_TEXT = 0, 2, 3
_MAX_SIDE = 8192
_MAX_TEXT = 1 << 20
"""Bytes of a name or a clipboard that are taken in: a guest is not trusted, and may claim 4 GiB of them."""
_ANSWER_S = 20.0


class RfbDesktop:
    """A connection to one desktop; implements the port ``Desktop``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._width = self._height = 0
        self._frame = bytearray()

    async def greet(self) -> None:
        """Shake hands (section 7.1 to 7.3)."""
        greeting = await self._reader.readexactly(len(_VERSION))
        if greeting != _VERSION:
            raise ConnectionError(f"the desktop speaks another version of RFB: {greeting!r}")
        self._writer.write(_VERSION)
        offered = await self._reader.readexactly((await self._reader.readexactly(1))[0])
        if not offered:
            raise ConnectionError("the desktop refused the connection")
        if _NO_AUTHENTICATION not in offered:
            raise ConnectionError("the desktop asks for a password")
        self._writer.write(bytes([_NO_AUTHENTICATION]))
        if await self._reader.readexactly(4) != bytes(4):
            raise ConnectionError("the desktop refused the connection")
        self._writer.write(b"\1")  # shared: whoever else looks on goes on looking
        self._width, self._height, name = struct.unpack(">HH16xI", await self._reader.readexactly(24))
        if max(self._width, self._height) > _MAX_SIDE:
            raise ConnectionError(f"the desktop claims {self._width} x {self._height} pixels")
        await self._skip(name)
        self._frame = bytearray(self._width * self._height * 4)
        self._writer.write(_PIXEL_FORMAT + _RAW_ONLY)

    async def picture(self) -> Picture:
        """The whole desktop, now.  Raises MachineFailed ``vnc_absent``."""
        with _named():
            async with asyncio.timeout(_ANSWER_S):
                await self._ask(incremental=False)
                seen = 0
                while seen < len(self._frame):
                    seen += await self._update()
        return self._picture()

    async def changed(self) -> Picture:
        """The desktop once something on it has changed.  Raises MachineFailed ``vnc_absent``."""
        with _named():
            await self._ask(incremental=True)
            await self._update()
        return self._picture()

    def _picture(self) -> Picture:
        return Picture(width=self._width, height=self._height, pixels=bytes(self._frame))

    async def _ask(self, *, incremental: bool) -> None:
        self._writer.write(struct.pack(">BBHHHH", 3, incremental, 0, 0, self._width, self._height))
        await self._writer.drain()

    async def _update(self) -> int:
        """Receive one update; how many bytes of the picture it brought."""
        return sum([await self._rectangle(self._frame) for _ in range(await self._rectangles())])

    async def _rectangles(self) -> int:
        """Skip to the next update; how many rectangles it has (section 7.6)."""
        while (kind := (await self._reader.readexactly(1))[0]) != _UPDATE:
            if kind == _CUT_TEXT:
                await self._skip(struct.unpack(">3xI", await self._reader.readexactly(7))[0])
            elif kind != _BELL:
                raise ConnectionError(f"the desktop sent a message of kind {kind}")
        return int(struct.unpack(">xH", await self._reader.readexactly(3))[0])

    async def _skip(self, size: int) -> None:
        if size > _MAX_TEXT:
            raise ConnectionError(f"the desktop sends a text of {size} bytes")
        await self._reader.readexactly(size)

    async def _rectangle(self, frame: bytearray) -> int:
        x, y, width, height, encoding = struct.unpack(">HHHHi", await self._reader.readexactly(12))
        if encoding != 0 or x + width > self._width or y + height > self._height:
            raise ConnectionError("the desktop sent a rectangle that was not asked for")
        for row in range(y, y + height):
            start = (row * self._width + x) * 4
            frame[start : start + width * 4] = await self._reader.readexactly(width * 4)
        return int(width * height * 4)

    async def press(self, keysym: int) -> None:
        """Press and let go of one key (section 7.5.4).  Raises MachineFailed ``vnc_absent``."""
        with _named():
            async with asyncio.timeout(_ANSWER_S):
                for down in (1, 0):
                    self._writer.write(struct.pack(">BBxxI", 4, down, keysym))
                await self._writer.drain()


@contextlib.asynccontextmanager
async def rfb_desktop(sock: socket.socket) -> AsyncIterator[RfbDesktop]:
    """Greet the desktop at the other end of ``sock``, which is taken over.

    Raises MachineFailed ``vnc_absent``.
    """
    reader, writer = await asyncio.open_connection(sock=sock)
    try:
        desktop = RfbDesktop(reader, writer)
        with _named():
            async with asyncio.timeout(_ANSWER_S):
                await desktop.greet()
        yield desktop
    finally:
        writer.close()


@contextlib.contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError) as error:  # a TimeoutError is an OSError
        raise MachineFailed(
            f"The machine's desktop does not answer as RFB does: {str(error) or type(error).__name__}.",
            remedy="Read its evidence (console, agent log), then try again.",
            code="vnc_absent",
        ) from error
