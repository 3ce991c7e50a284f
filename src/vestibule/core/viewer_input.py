"""What a viewer sends to a desktop: whether a person is behind it, and whether the desktop can bear it.

A viewer asks for pictures all by itself; only a key or a pointer is a sign of life.  The client's half of
the protocol is followed message by message, never changed.
"""

from __future__ import annotations

from vestibule.core.errors import NotAllowed
from vestibule.core.failures import FailureCode
from vestibule.core.rfb_messages import CLIENT_MESSAGES, KEY, POINTER, QEMU, SET_DESKTOP_SIZE

_GREETING = 12 + 1 + 1
"""Version, choice of the security type (none), ClientInit: RFC 6143, sections 7.1.1 to 7.3.1."""
_INPUT = frozenset({KEY, POINTER, QEMU})
MOST_SIDE, MOST_PIXELS = 8192, 7680 * 4320
"""Of a desktop: asked for more, or for nothing, Xvnc takes the machine's memory, and ends."""


class ViewerInput:
    """Of one viewer, from its first byte on."""

    def __init__(self) -> None:
        self._skip = _GREETING
        self._head = b""
        self._lost = False

    def feed(self, data: bytes) -> bool:
        """Whether a key or the pointer is among these bytes.

        After a message of an unknown type nothing is known of what follows: False from then on.
        Raises NotAllowed for a desktop of a size that there cannot be; these bytes must not go on.
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
        known = CLIENT_MESSAGES.get(self._head[0])
        if known is None:
            self._lost = True
            return False
        needed, length = known
        if len(self._head) < needed:
            return False
        if self._head[0] == SET_DESKTOP_SIZE:
            _require_size(int.from_bytes(self._head[2:4]), int.from_bytes(self._head[4:6]))
        kind, self._skip = self._head[0], length(self._head) - len(self._head)
        self._head = b""
        return kind in _INPUT


def _require_size(width: int, height: int) -> None:
    if not (min(width, height) > 0 and max(width, height) <= MOST_SIDE and width * height <= MOST_PIXELS):
        raise NotAllowed(
            f"A desktop of {width} by {height} pixels was asked for.",
            remedy=f"Ask for {MOST_SIDE} pixels a side at most, and {MOST_PIXELS} in all.",
            code=FailureCode.BAD_INPUT,
        )
