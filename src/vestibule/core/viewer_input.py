"""What a viewer sends to a desktop: whether a person is behind it.

A viewer asks for pictures all by itself; only a key or a pointer is a sign of life.  The client's half of
the protocol (RFC 6143, and the extensions that noVNC uses) is followed message by message, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

_GREETING = 12 + 1 + 1
"""Version, choice of the security type (none), ClientInit: sections 7.1.1 to 7.3.1."""
_KEY, _POINTER, _QEMU_KEY = 4, 5, 255
_INPUT = frozenset({_KEY, _POINTER, _QEMU_KEY})

Length = Callable[[bytes], int]


def _fixed(length: int) -> tuple[int, Length]:
    return 1, lambda _head: length


def _number(head: bytes, start: int, length: int) -> int:
    return int.from_bytes(head[start : start + length])


_MESSAGES: Mapping[int, tuple[int, Length]] = {
    0: _fixed(20),  # SetPixelFormat
    2: (4, lambda head: 4 + 4 * _number(head, 2, 2)),  # SetEncodings
    3: _fixed(10),  # FramebufferUpdateRequest
    _KEY: _fixed(8),
    _POINTER: _fixed(6),
    6: (8, lambda head: 8 + abs(int.from_bytes(head[4:8], signed=True))),  # ClientCutText, extended: negative
    150: _fixed(10),  # EnableContinuousUpdates
    248: (9, lambda head: 9 + head[8]),  # ClientFence
    250: _fixed(4),  # xvp
    251: (8, lambda head: 8 + 16 * head[6]),  # SetDesktopSize
    _QEMU_KEY: _fixed(12),
}
"""Type → bytes that tell a message's length, and that length."""


class ViewerInput:
    """Of one viewer, from its first byte on."""

    def __init__(self) -> None:
        self._skip = _GREETING
        self._head = b""
        self._lost = False

    def feed(self, data: bytes) -> bool:
        """Whether a key or the pointer is among these bytes.

        After a message of an unknown type nothing is known of what follows: False from then on.
        """
        found = False
        rest = memoryview(data)
        while rest and not self._lost:
            if self._skip:
                taken = min(self._skip, len(rest))
                self._skip -= taken
                rest = rest[taken:]
                continue
            self._head += bytes(rest[:1])
            rest = rest[1:]
            found |= self._begun()
        return found

    def _begun(self) -> bool:
        """Look at a message's first bytes; True once they are those of an input."""
        known = _MESSAGES.get(self._head[0])
        if known is None:
            self._lost = True
            return False
        needed, length = known
        if len(self._head) < needed:
            return False
        kind, self._skip = self._head[0], length(self._head) - len(self._head)
        self._head = b""
        return kind in _INPUT
