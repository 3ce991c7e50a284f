"""The client's half of RFB, message by message: RFC 6143, section 7.5, and the extensions that noVNC uses.

A message's type tells how many of its bytes tell its length; a type that is not here tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

SET_PIXEL_FORMAT, SET_ENCODINGS, UPDATE_REQUEST = 0, 2, 3
KEY, POINTER, CUT_TEXT = 4, 5, 6
CONTINUOUS_UPDATES, FENCE, XVP, SET_DESKTOP_SIZE, QEMU = 150, 248, 250, 251, 255

Length = Callable[[bytes], int]


def _fixed(length: int) -> tuple[int, Length]:
    return 1, lambda _head: length


def _number(head: bytes, start: int, length: int) -> int:
    return int.from_bytes(head[start : start + length])


CLIENT_MESSAGES: Mapping[int, tuple[int, Length]] = {
    SET_PIXEL_FORMAT: _fixed(20),
    SET_ENCODINGS: (4, lambda head: 4 + 4 * _number(head, 2, 2)),
    UPDATE_REQUEST: _fixed(10),
    KEY: _fixed(8),
    POINTER: _fixed(6),
    CUT_TEXT: (8, lambda head: 8 + abs(int.from_bytes(head[4:8], signed=True))),  # extended: negative
    CONTINUOUS_UPDATES: _fixed(10),
    FENCE: (9, lambda head: 9 + head[8]),
    XVP: _fixed(4),
    SET_DESKTOP_SIZE: (8, lambda head: 8 + 16 * head[6]),
    QEMU: _fixed(12),
}
"""Type → bytes that tell a message's length, and that length."""
