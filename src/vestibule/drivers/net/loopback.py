"""Loopback of a fresh network namespace: brought up, with more addresses as aliases (netdevice(7))."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Sequence

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_SIOCSIFADDR = 0x8916
_SIOCSIFNETMASK = 0x891C
_IFF_UP = 0x1


def bring_up(addresses: Sequence[str]) -> None:
    """Bring ``lo`` of the current namespace up and give it each IPv4 address as a /32 alias."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set_up(control)
        for number, address in enumerate(addresses):
            _add_alias(control, f"lo:{number}", address)


def _set_up(control: socket.socket) -> None:
    answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0))
    flags = struct.unpack("16sH22x", answer)[1]
    fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


def _add_alias(control: socket.socket, label: str, address: str) -> None:
    for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
        name = label.encode()
        fcntl.ioctl(
            control, request, struct.pack("16sHH4s16x", name, socket.AF_INET, 0, socket.inet_aton(value))
        )
