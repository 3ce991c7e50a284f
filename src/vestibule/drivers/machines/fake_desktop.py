"""The desktop of a fake machine over RFB 3.8 (RFC 6143): a picture; a click or Enter means "sign in".

Who can read RRE gets a flat picture of a few bytes; who cannot gets raw pixels of a desktop in many colours.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

VERSION = b"RFB 003.008\n"
WIDTH, HEIGHT = 1280, 800
ENTER = 0xFF0D
_NAME = b"Vestibule"
_NO_SECURITY = b"\x01"
_PIXEL_FORMAT = struct.pack(">BBBBHHHBBB3x", 32, 24, 0, 1, 255, 255, 255, 0, 8, 16)
_RAW, _RRE = 0, 2
_BACKGROUND, _WINDOW = b"\x24\x1b\x16\x00", b"\xe0\xc0\x60\x00"
_BANDS = 16
"""Colours of a desktop that is painted."""

_SET_PIXEL_FORMAT, _SET_ENCODINGS, _UPDATE_REQUEST, _KEY, _POINTER, _CUT_TEXT = 0, 2, 3, 4, 5, 6
_REST_BYTES = {
    _SET_PIXEL_FORMAT: 19,
    _SET_ENCODINGS: 3,
    _UPDATE_REQUEST: 9,
    _KEY: 7,
    _POINTER: 5,
    _CUT_TEXT: 7,
}


class FakeDesktop:
    """One per machine; any number of viewers."""

    def __init__(self, *, painted: bool = True) -> None:
        self.painted = painted
        """Whether it shows anything."""
        self.pressed: list[int] = []
        """Keysyms, in the order in which they went down."""
        self.version = 0
        self._viewers: set[_Viewer] = set()

    def paint(self) -> None:
        """Something appears on it; whoever waits for a change is sent it."""
        self.painted, self.version = True, self.version + 1
        for viewer in self._viewers:
            viewer.changed()

    async def serve(self, stream: Stream, *, on_sign_in: Callable[[], Awaitable[None]]) -> None:
        """Serve one viewer until it hangs up.  Raises EOFError then, or when it speaks something else."""
        reader, writer = stream
        await _greet(reader, writer)
        viewer = _Viewer(self, writer)
        self._viewers.add(viewer)
        try:
            while True:
                kind, rest, more = await _message(reader)
                if viewer.heard(kind, rest, more) or self._is_sign_in(kind, rest):
                    await on_sign_in()
                await writer.drain()
        finally:
            self._viewers.discard(viewer)

    def _is_sign_in(self, kind: int, rest: bytes) -> bool:
        if kind != _KEY or not rest[0]:
            return False
        self.pressed.append(int(struct.unpack(">3xI", rest)[0]))
        return self.pressed[-1] == ENTER


class _Viewer:
    """What one connection can read, and what it has seen."""

    def __init__(self, desktop: FakeDesktop, writer: asyncio.StreamWriter) -> None:
        self._desktop = desktop
        self._writer = writer
        self._can_rre = True
        self._shifts = (0, 8, 16)
        self._seen = -1
        self._waits = False

    def heard(self, kind: int, rest: bytes, more: bytes) -> bool:
        """Take a message in; whether it was a click."""
        if kind == _SET_PIXEL_FORMAT:
            self._shifts = struct.unpack(">13xBBB3x", rest)
        elif kind == _SET_ENCODINGS:
            self._can_rre = _RRE in struct.unpack(f">{len(more) // 4}i", more)
        elif kind == _UPDATE_REQUEST:
            self._asked(incremental=bool(rest[0]))
        return kind == _POINTER and bool(rest[0] & 1)

    def _asked(self, *, incremental: bool) -> None:
        self._waits = True
        if not incremental or self._seen != self._desktop.version:
            self.changed()

    def changed(self) -> None:
        """There is something new to see."""
        if self._waits:
            self._waits, self._seen = False, self._desktop.version
            painted = self._desktop.painted
            self._writer.write(_picture() if self._can_rre else _raw_picture(self._shifts, painted=painted))


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """A viewer's next message: its type, its fixed part and what follows."""
    kind = (await reader.readexactly(1))[0]
    if kind not in _REST_BYTES:
        raise EOFError(f"a viewer's message of unknown type {kind}")
    rest = await reader.readexactly(_REST_BYTES[kind])
    return kind, rest, await reader.readexactly(_more(kind, rest))


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
    window = _WINDOW + struct.pack(">HHHH", 320, 200, 640, 400)
    return _head(_RRE) + struct.pack(">I", 1) + _BACKGROUND + window


def _raw_picture(shifts: tuple[int, int, int], *, painted: bool) -> bytes:
    """The whole screen in raw pixels of the viewer's own format: bands of colours, or nothing but black."""
    colours = [(16 * band, 255 - 16 * band, 40) if painted else (0, 0, 0) for band in range(_BANDS)]
    rows = (_pixel(colour, shifts) * WIDTH * (HEIGHT // _BANDS) for colour in colours)
    return _head(_RAW) + b"".join(rows)


def _pixel(colour: tuple[int, int, int], shifts: tuple[int, int, int]) -> bytes:
    return sum(value << shift for value, shift in zip(colour, shifts, strict=True)).to_bytes(4, "little")


def _head(encoding: int) -> bytes:
    return struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, encoding)
