"""What goes up a terminal's connection after its 101: keys and sizes in frames.  Down come raw bytes alone.

::

    kind (1 byte) · length of the rest (2 bytes, big-endian) · the rest

Both sides import this module; it has no I/O.
"""

from __future__ import annotations

import struct

INPUT, SIZE = 0, 1
MAX_FRAME_BYTES = 65_535
COLUMNS, ROWS = range(2, 1001), range(2, 501)
"""Sizes of a terminal that make sense."""
_HEAD = struct.Struct(">BH")
_SIZE = struct.Struct(">HH")


def keys(data: bytes) -> bytes:
    """Input, as the frames that it takes."""
    pieces = (data[start : start + MAX_FRAME_BYTES] for start in range(0, len(data), MAX_FRAME_BYTES))
    return b"".join(_HEAD.pack(INPUT, len(piece)) + piece for piece in pieces)


def size(columns: int, rows: int) -> bytes:
    """Another size of the terminal, in characters."""
    return _HEAD.pack(SIZE, _SIZE.size) + _SIZE.pack(columns, rows)


class FrameReader:
    """Feeds on bytes as they come."""

    def __init__(self) -> None:
        self._ahead = b""

    def feed(self, data: bytes) -> list[bytes | tuple[int, int]]:
        """Whole frames: input as bytes, a size as (columns, rows).  Raises ValueError on another kind."""
        self._ahead += data
        found: list[bytes | tuple[int, int]] = []
        while len(self._ahead) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._ahead)
            end = _HEAD.size + length
            if len(self._ahead) < end:
                break
            found.append(_read(kind, self._ahead[_HEAD.size : end]))
            self._ahead = self._ahead[end:]
        return found


def _read(kind: int, rest: bytes) -> bytes | tuple[int, int]:
    if kind == INPUT:
        return rest
    if kind != SIZE or len(rest) != _SIZE.size:
        raise ValueError(f"a frame of kind {kind} with {len(rest)} bytes")
    columns, rows = _SIZE.unpack(rest)
    if columns not in COLUMNS or rows not in ROWS:
        raise ValueError(f"a terminal of {columns} by {rows}")
    return columns, rows
