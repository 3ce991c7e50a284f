"""Makes the machine who the hand-over says it is, by system calls alone: a process costs too much in a clone.

In a VM the agent is root and applies everything.  In a container the host has applied what it could (clock,
hostname, address are the namespaces'), so it is verified instead.
"""

from __future__ import annotations

import base64
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

from vestibule_agent.protocol import Check, Handover
from vestibule_agent.uplink import Uplink, device

RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207
SIOCGIFADDR, SIOCSIFADDR, SIOCSIFNETMASK = 0x8915, 0x8916, 0x891C
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
CLOCK_TOLERANCE_S = 5.0
"""Besides the time that a message may have waited for its machine, at most the host's patience."""
MACHINE_ID = Path("/etc/machine-id")


def apply(handover: Handover, uplink: Uplink, *, root: bool) -> list[Check]:
    """Clock, entropy, hostname, address, machine id, in this order; a check for each, never an exception."""
    with uplink.entered():
        return [_checked(name, step, handover) for name, step in (_APPLY if root else _VERIFY)]


def _checked(name: str, step: Callable[[Handover], str], handover: Handover) -> Check:
    try:
        return Check(name=name, ok=True, detail=step(handover))
    except (OSError, ValueError) as error:
        return Check(name=name, ok=False, detail=str(error))


def _clock(handover: Handover) -> str:
    time.clock_settime_ns(time.CLOCK_REALTIME, handover.time_ns)
    return _verify_clock(handover)


def _verify_clock(handover: Handover) -> str:
    now_ns = time.time_ns()
    late_s = (now_ns - handover.time_ns) / 1e9
    if not -CLOCK_TOLERANCE_S < late_s < CLOCK_TOLERANCE_S + handover.patience_s:
        raise ValueError(f"{late_s:+.3f} s away from the host's")
    return f"{now_ns / 1e9:.3f}, {(now_ns - handover.time_ns) / 1e6:+.1f} ms from the host's message"


def _entropy(handover: Handover) -> str:
    seed = base64.b64decode(handover.entropy, validate=True)
    with open("/dev/urandom", "wb", buffering=0) as device:  # noqa: PTH123 - a device, unbuffered
        request = struct.pack("ii", len(seed) * 8, len(seed)) + seed
        fcntl.ioctl(device, RNDADDENTROPY, request)
        fcntl.ioctl(device, RNDRESEEDCRNG)
    return f"{len(seed)} bytes credited, generator reseeded"


def _verify_entropy(handover: Handover) -> str:
    seed = base64.b64decode(handover.entropy, validate=True)
    with open("/dev/urandom", "wb", buffering=0) as device:  # noqa: PTH123 - a device, unbuffered
        device.write(seed)
    return f"{len(seed)} bytes mixed into the host kernel's generator, which no snapshot rewinds"


def _hostname(handover: Handover) -> str:
    socket.sethostname(handover.hostname)
    return _verify_hostname(handover)


def _verify_hostname(handover: Handover) -> str:
    if socket.gethostname() != handover.hostname:
        raise ValueError(f"it is {socket.gethostname()!r}, not {handover.hostname!r}")
    return handover.hostname


def _address(handover: Handover) -> str:
    wanted, mask = _packed(handover.address)
    name = device()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFADDR, _address_request(name, wanted))
        fcntl.ioctl(control, SIOCSIFNETMASK, _address_request(name, mask))
        flags = struct.unpack_from("<H", fcntl.ioctl(control, SIOCGIFFLAGS, _request(name)), 16)[0]
        fcntl.ioctl(control, SIOCSIFFLAGS, _request(name, struct.pack("<H", flags | IFF_UP)))
        found = fcntl.ioctl(control, SIOCGIFADDR, _request(name))
    if found[20:24] != wanted:
        raise ValueError(f"{name} has {socket.inet_ntoa(found[20:24])} after {handover.address} was set")
    return f"{handover.address} on {name}"


def _verify_address(handover: Handover) -> str:
    wanted = handover.address.partition("/")[0]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((wanted, 0))
    return f"{wanted} is ours"


def _machine_id(_handover: Handover) -> str:
    identifier = os.urandom(16).hex()
    MACHINE_ID.write_text(identifier + "\n")
    return identifier


_APPLY = (
    ("clock", _clock),
    ("random", _entropy),
    ("hostname", _hostname),
    ("address", _address),
    ("machine-id", _machine_id),
)
_VERIFY = (
    ("clock", _verify_clock),
    ("random", _verify_entropy),
    ("hostname", _verify_hostname),
    ("address", _verify_address),
)


def _request(device: str, rest: bytes = b"") -> bytes:
    return struct.pack("16s24s", device.encode(), rest)


def _address_request(device: str, address: bytes) -> bytes:
    return _request(device, struct.pack("<HH4s", socket.AF_INET, 0, address))


def _packed(address: str) -> tuple[bytes, bytes]:
    """Address and mask of ``192.168.100.7/24``.  Raises OSError, ValueError."""
    ip, _, prefix = address.partition("/")
    return socket.inet_aton(ip), (~(0xFFFFFFFF >> int(prefix)) & 0xFFFFFFFF).to_bytes(4, "big")
