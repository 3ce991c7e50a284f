"""What somebody who may only watch sends to a desktop: what asks for pictures goes on, nothing else does.

::

    watcher ─▶ version 3.8 ─▶ security "none" ─▶ ClientInit ─▶ messages
                    └ word for word, or the end     │              ├ of pictures: on
                                                    │              ├ of input, clipboard, size: dropped
                                   "shared" is forced, the clipboard is silenced
                                                                   └ unknown, or too long: the end

What goes on must mean to the desktop what it meant here, or input could be hidden in it.  So every byte is
held until its message is whole; the greeting is of the one version that is read here (with RFB 3.3 it would
be a byte shorter, and all that follows be shifted); an exclusive ClientInit would throw the owner out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from vestibule.core import rfb_messages as rfb
from vestibule.core.errors import NotAllowed
from vestibule.core.failures import FailureCode

VERSION = b"RFB 003.008\n"
SECURITY_NONE = b"\x01"
SHARED = b"\x01"
MOST_ENCODINGS = 256
MOST_MARK = 64
"""Bytes of a fence's payload, as its definition has it."""

EXTENDED_CLIPBOARD = 0xC0A1E5CE - 2**32
_CAPABILITIES, _NOTIFY = 1 << 24, 1 << 27
SILENT_CLIPBOARD = struct.pack(">Bxxxi", rfb.CUT_TEXT, -4) + struct.pack(">I", _CAPABILITIES | _NOTIFY)
"""Asks Xvnc to tell that there is something on the clipboard, and nothing of what: a watcher cannot fetch it.

A second fence: the desktop's Xvnc is told to send no cut text at all (decision 0038).  One that was not would
send up to 20 MiB of it unasked, whatever the client understands.
"""

_PASSED: Mapping[int, int] = {
    rfb.SET_PIXEL_FORMAT: 20,
    rfb.SET_ENCODINGS: 4 + 4 * MOST_ENCODINGS,
    rfb.UPDATE_REQUEST: 10,
    rfb.CONTINUOUS_UPDATES: 10,
    rfb.FENCE: 9 + MOST_MARK,
}
"""Type of what goes on → its greatest length."""


class ViewOnly:
    """Of one watcher, from its first byte on."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skip = 0
        self._greeting = [VERSION, SECURITY_NONE]
        self._initialised = False

    def feed(self, data: bytes) -> bytes:
        """What of these bytes, and of those held before, goes on to the desktop.

        Raises NotAllowed ``watcher_refused`` for what no viewer of ours sends: the connection is to end, and
        nothing of the message that it was found in goes on.
        """
        self._held += data
        passed: list[bytes] = []
        while (taken := self._next()) is not None:
            passed.append(taken)
        return b"".join(passed)

    def _next(self) -> bytes | None:
        """Take what comes next out of what is held; None when more of it must come first."""
        if self._skip:
            return self._skipped()
        if not self._held:
            return None
        if self._greeting:
            return self._greeted()
        return self._message() if self._initialised else self._init()

    def _skipped(self) -> bytes | None:
        there = min(self._skip, len(self._held))
        self._skip -= there
        del self._held[:there]
        return None if self._skip else b""

    def _greeted(self) -> bytes | None:
        expected = self._greeting[0]
        if len(self._held) < len(expected):
            return None
        if self._taken(len(expected)) != expected:
            raise _refused("its greeting is not that of the page")
        return self._greeting.pop(0)

    def _init(self) -> bytes:
        self._taken(1)  # whether others may stay is not a watcher's to say
        self._initialised = True
        return SHARED + _encodings([]) + SILENT_CLIPBOARD

    def _message(self) -> bytes | None:
        kind = self._held[0]
        length = self._length(kind)
        if length is None:
            return None
        if kind not in _PASSED:
            self._skip = length
            return b""
        if length > _PASSED[kind]:
            raise _refused(f"its message of type {kind} has {length} bytes")
        if len(self._held) < length:
            return None
        message = self._taken(length)
        return _silenced(message) if kind == rfb.SET_ENCODINGS else message

    def _length(self, kind: int) -> int | None:
        """Of the message that begins what is held; None when that is not told yet."""
        if kind not in rfb.CLIENT_MESSAGES:
            raise _refused(f"it sent a message of the unknown type {kind}")
        needed, length = rfb.CLIENT_MESSAGES[kind]
        if kind == rfb.QEMU:  # one type for several messages: of the others, the lengths are not known
            needed = 2
        if len(self._held) < needed:
            return None
        if kind == rfb.QEMU and self._held[1] != 0:
            raise _refused(f"it sent a QEMU message of the unknown type {self._held[1]}")
        return length(bytes(self._held[:needed]))

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._held[:count])
        del self._held[:count]
        return taken


def _silenced(message: bytes) -> bytes:
    """SetEncodings with the extended clipboard among them: without it, its silence would not be heard."""
    wanted = struct.unpack(f">{len(message) // 4 - 1}i", message[4:])
    return _encodings([number for number in wanted if number != EXTENDED_CLIPBOARD])


def _encodings(numbers: list[int]) -> bytes:
    every = [*numbers, EXTENDED_CLIPBOARD]
    return struct.pack(f">BxH{len(every)}i", rfb.SET_ENCODINGS, len(every), *every)


def _refused(why: str) -> NotAllowed:
    return NotAllowed(
        f"A watcher's connection was ended: {why}.",
        remedy="Watch with the page that the link opens; it sends nothing else.",
        code=FailureCode.WATCHER_REFUSED,
    )
