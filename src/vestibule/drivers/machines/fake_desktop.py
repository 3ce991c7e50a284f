"""The desktop of a fake machine: a flat picture over RFB 3.8 (RFC 6143), and a click that means "sign in"."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

VERSION = b"RFB 003.008\n"
WIDTH, HEIGHT = 1280, 800
_NAME = b"Vestibule"
_NO_SECURITY = b"\x01"
_PIXEL_FORMAT = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 0, 8, 16)
_RRE = 2
_BACKGROUND, _WINDOW = b"\x24\x1b\x16\x00", b"\xe0\xc0\x60\x00"

_SET_PIXEL_FORMAT, _SET_ENCODINGS, _UPDATE_REQUEST, _KEY, _POINTER, _CUT_TEXT = 0, 2, 3, 4, 5, 6
_REST_BYTES = {
    _SET_PIXEL_FORMAT: 19,
    _SET_ENCODINGS: 3,
    _UPDATE_REQUEST: 9,
    _KEY: 7,
    _POINTER: 5,
    _CUT_TEXT: 7,
}


async def serve(stream: Stream, *, on_click: Callable[[], Awaitable[None]]) -> None:
    """Serve one viewer until it hangs up.  Raises EOFError then, or when it speaks something else."""
    reader, writer = stream
    await _greet(reader, writer)
    while True:
        kind = (await reader.readexactly(1))[0]
        if kind not in _REST_BYTES:
            raise EOFError(f"a viewer's message of unknown type {kind}")
        rest = await reader.readexactly(_REST_BYTES[kind])
        await reader.readexactly(_more(kind, rest))
        if kind == _UPDATE_REQUEST and rest[0] == 0:
            writer.write(_picture())
            await writer.drain()
        if kind == _POINTER and rest[0] & 1:
            await on_click()


async def _greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(VERSION)
    await reader.readexactly(len(VERSION))
    writer.write(bytes([1]) + _NO_SECURITY)
    await reader.readexactly(1)
    writer.write(struct.pack(">I", 0))
    await reader.readexactly(1)
    writer.write(struct.pack(">HH", WIDTH, HEIGHT) + _PIXEL_FORMAT + struct.pack(">I", len(_NAME)) + _NAME)
    await writer.drain()


def _more(kind: int, rest: bytes) -> int:
    """How many bytes follow the fixed part of a message."""
    if kind == _SET_ENCODINGS:
        return 4 * int(struct.unpack(">xH", rest)[0])
    if kind == _CUT_TEXT:
        return abs(int(struct.unpack(">3xi", rest)[0]))
    return 0


def _picture() -> bytes:
    """The whole screen in one RRE rectangle: a background and a window."""
    head = struct.pack(">BxH", 0, 1) + struct.pack(">HHHHi", 0, 0, WIDTH, HEIGHT, _RRE)
    window = _WINDOW + struct.pack(">HHHH", 320, 200, 640, 400)
    return head + struct.pack(">I", 1) + _BACKGROUND + window
