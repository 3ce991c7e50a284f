"""Makes the machine who the hand-over says it is, by system calls alone: a process costs too much in a clone.

In a VM the agent is root and applies everything.  In a container the host has applied what it could (clock,
hostname, address are the namespaces'), so it is verified instead.

An emulated clone translates each piece of code that it runs for the first time, the kernel's too: what can be
opened is open before anybody knows who the machine will be, and lies in the snapshot so.
"""

from __future__ import annotations

import base64
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from vestibule_agent.protocol import Check, Handover
from vestibule_agent.uplink import Uplink

RNDADDENTROPY, RNDRESEEDCRNG = 0x40085203, 0x5207
CLOCK_TOLERANCE_S = 5.0
"""Besides the time that a message may have waited for its machine, at most the host's patience."""
MACHINE_ID = Path("/etc/machine-id")

Step = tuple[str, Callable[[Handover], str]]


class Identity:
    """Applies or verifies the identity, once; a check for each step, in this order, never an exception."""

    def __init__(self, uplink: Uplink, *, root: bool) -> None:
        self._uplink = uplink
        self._random = os.open("/dev/urandom", os.O_WRONLY | os.O_CLOEXEC)
        self._steps: Sequence[Step]
        if root:
            # Opened for writing: that is what has the file copied up from the read-only layers.
            self._machine_id = os.open(MACHINE_ID, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o444)
            self._steps = (
                ("clock", _set_clock),
                ("random", self._credit_entropy),
                ("hostname", _set_hostname),
                ("address", self._set_address),
                ("machine-id", self._set_machine_id),
            )
        else:
            self._steps = (
                ("clock", _verify_clock),
                ("random", self._mix_entropy),
                ("hostname", _verify_hostname),
                ("address", _verify_address),
            )

    def apply(self, handover: Handover) -> list[Check]:
        """Clock and entropy first: until then they are the snapshot's."""
        return [_checked(name, step, handover) for name, step in self._steps]

    def _credit_entropy(self, handover: Handover) -> str:
        seed = base64.b64decode(handover.entropy, validate=True)
        fcntl.ioctl(self._random, RNDADDENTROPY, struct.pack("ii", len(seed) * 8, len(seed)) + seed)
        fcntl.ioctl(self._random, RNDRESEEDCRNG)
        return f"{len(seed)} bytes credited, generator reseeded"

    def _mix_entropy(self, handover: Handover) -> str:
        seed = base64.b64decode(handover.entropy, validate=True)
        os.write(self._random, seed)
        return f"{len(seed)} bytes mixed into the host kernel's generator, which no snapshot rewinds"

    def _set_address(self, handover: Handover) -> str:
        return self._uplink.set_address(handover.address)

    def _set_machine_id(self, _handover: Handover) -> str:
        identifier = os.urandom(16).hex()
        os.pwrite(self._machine_id, identifier.encode() + b"\n", 0)  # all have one length (machine-id(5))
        return identifier


def _checked(name: str, step: Callable[[Handover], str], handover: Handover) -> Check:
    try:
        return Check(name=name, ok=True, detail=step(handover))
    except (OSError, ValueError) as error:
        return Check(name=name, ok=False, detail=str(error))


def _set_clock(handover: Handover) -> str:
    time.clock_settime_ns(time.CLOCK_REALTIME, handover.time_ns)
    return _verify_clock(handover)


def _verify_clock(handover: Handover) -> str:
    now_ns = time.time_ns()
    late_s = (now_ns - handover.time_ns) / 1e9
    if not -CLOCK_TOLERANCE_S < late_s < CLOCK_TOLERANCE_S + handover.patience_s:
        raise ValueError(f"{late_s:+.3f} s away from the host's")
    return f"{now_ns / 1e9:.3f}, {(now_ns - handover.time_ns) / 1e6:+.1f} ms from the host's message"


def _set_hostname(handover: Handover) -> str:
    socket.sethostname(handover.hostname)
    return _verify_hostname(handover)


def _verify_hostname(handover: Handover) -> str:
    if socket.gethostname() != handover.hostname:
        raise ValueError(f"it is {socket.gethostname()!r}, not {handover.hostname!r}")
    return handover.hostname


def _verify_address(handover: Handover) -> str:
    wanted = handover.address.partition("/")[0]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((wanted, 0))
    return f"{wanted} is ours"
