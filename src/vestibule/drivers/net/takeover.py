"""How a controller finds the broker that an earlier one left, and makes the door for the next one.

::

    connect ─▶ nobody listens                        ─▶ None: launch another
            ─▶ Ready, of this version and these ids  ─▶ it is ours now
            ─▶ Ready of others, nonsense, silence    ─▶ killed with its machines; None
            ─▶ Taken, for longer than a moment       ─▶ Conflict
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.errors import Conflict, HostUnfit
from vestibule.drivers.net import messages, peers
from vestibule.drivers.net.broker_process import BrokerProcess
from vestibule.drivers.net.confinement import Identity

GREETING_TIMEOUT_S = 10.0
TAKEN_FOR_S = 3.0
"""A controller that was killed may take a moment to be gone."""
_NOBODY = (FileNotFoundError, NotADirectoryError, PermissionError, ConnectionRefusedError)
"""Nobody listens, or not for us: whoever makes a door there is told why it cannot."""
_MODE = stat.S_IRUSR | stat.S_IWUSR


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outlive:
    """That machines go on without their controller: where the next one finds them, and how long they wait."""

    door: Path
    patience_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A broker that is ours: taken over, or just started."""

    process: BrokerProcess
    channel: socket.socket
    ready: messages.Ready


def find(door: Path, identity: Identity | None) -> Found | None:
    """Take over the broker behind a door, if there is one of our kind.  Blocks.

    Raises Conflict ``broker_taken`` when it serves another controller.
    """
    deadline = time.monotonic() + TAKEN_FOR_S
    while True:
        reached = _connect(door)
        if reached is None:
            return None
        process, channel = reached
        greeting = _greeting(channel)
        if isinstance(greeting, messages.Ready) and _fits(greeting, identity):
            return Found(process=process, channel=channel, ready=greeting)
        channel.close()
        if not isinstance(greeting, messages.Taken):
            process.end_with_machines()
            return None
        process.leave()
        if time.monotonic() > deadline:
            raise _taken(door)
        time.sleep(0.05)


def _connect(door: Path) -> tuple[BrokerProcess, socket.socket] | None:
    """A connection, and who is at its other end; None for a door that nobody is behind any more."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    channel.settimeout(GREETING_TIMEOUT_S)
    try:
        with _near(door) as path:
            channel.connect(path)
        return BrokerProcess(peers.pid_of(channel)), channel
    except (*_NOBODY, ProcessLookupError):
        channel.close()
        return None


def _greeting(channel: socket.socket) -> messages.Message | None:
    """Its first word; None when there is none that we understand, in time."""
    try:
        received = messages.receive(channel)
    except (OSError, ValueError, TypeError):
        return None
    return received[0] if received else None


def _fits(ready: messages.Ready, identity: Identity | None) -> bool:
    wanted = (identity.uid, identity.gid) if identity else (os.getuid(), os.getgid())
    return ready.version == messages.VERSION and (ready.uid, ready.gid) == wanted


def _taken(door: Path) -> Conflict:
    return Conflict(
        f"Another controller is connected to the broker at {door}.",
        remedy="Use that controller, stop it, or give this one a run_dir of its own.",
        code="broker_taken",
    )


@contextlib.contextmanager
def made(door: Path) -> Iterator[socket.socket]:
    """A bound socket for a broker to listen at, in place of a dead one's; closed here at the end.

    Its file has mode 0600 from its first moment.  Raises HostUnfit ``run_dir_unusable``.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        os.fchmod(listener.fileno(), _MODE)  # what bind(2) gives to the file
        try:
            door.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            door.unlink(missing_ok=True)
            with _near(door) as path:
                listener.bind(path)
        except OSError as error:
            raise HostUnfit(
                f"The socket {door} cannot be made: {error.strerror or error}.",
                remedy="Set run_dir to a folder of your own that can be written.",
                code="run_dir_unusable",
            ) from error
        yield listener


@contextlib.contextmanager
def _near(door: Path) -> Iterator[str]:
    """A short name for the door: a socket's may have 107 bytes, its folder's has more on some hosts."""
    folder = os.open(door.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{door.name}"
    finally:
        os.close(folder)
