"""Who is at the other end of a UNIX socket, as the kernel noted when the connection was made (unix(7))."""

from __future__ import annotations

import socket
import struct

_CREDENTIALS = struct.Struct("3i")
"""struct ucred: pid, uid, gid."""


def pid_of(channel: socket.socket) -> int:
    """Its process.  While the connection stands the other end lives, so the number is still its own."""
    return _credentials(channel)[0]


def uid_of(channel: socket.socket) -> int:
    """Its user, as seen from here."""
    return _credentials(channel)[1]


def _credentials(channel: socket.socket) -> tuple[int, int, int]:
    return _CREDENTIALS.unpack(channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
