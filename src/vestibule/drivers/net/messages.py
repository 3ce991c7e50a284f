"""What controller and broker say to each other: one JSON object per SOCK_SEQPACKET packet.

Descriptors travel beside the packet (SCM_RIGHTS) in the order the message names.  A broker may be older than
the controller that takes it over, so its first word has VERSION.

::

    broker     → controller   Ready | Unfit | Taken                               once
    controller → broker       Create | Spawn | Open | Listen | Pause | Resume | Destroy
                              Patience | Keep | Adopt | Census                    of what outlives it
    broker     → controller   Done (same number) | Exited (at any time)
    controller → broker       Quit                                                at its end in order
"""

from __future__ import annotations

import array
import dataclasses
import json
import socket
import typing
from collections.abc import Sequence

VERSION = 2
MAX_PACKET_BYTES = 131_072
MAX_FDS = 64
_FD_BYTES = array.array("i").itemsize


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ready:
    """The broker has its own namespaces; ``uid`` and ``gid`` are whom machines run as on the host."""

    version: int
    uid: int
    gid: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unfit:
    """The host does not let the broker work: which step, and the errno."""

    stage: str
    errno: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Taken:
    """The broker serves another controller; it closes the connection."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Create:
    """Make a namespace with loopback up and ``addresses`` on it."""

    number: int
    vm_id: str
    addresses: list[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spawn:
    """Start a process.

    Descriptors: the log, ``cgroups`` files to join, the file that freezes it unless ``freezer`` is empty,
    one per entry of ``targets``.
    """

    number: int
    vm_id: str
    argv: list[str]
    cgroups: int
    freezer: list[str]
    """What is written to freeze it, and to thaw it."""
    targets: list[int]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Open:
    """Make an unconnected stream socket; it comes back with Done."""

    number: int
    vm_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listen:
    """Make a listening stream socket; it comes back with Done."""

    number: int
    vm_id: str
    host: str
    port: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """How long another controller is waited for when this one goes without a word; 0 before this is said."""

    number: int
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keep:
    """Keep a note, and a descriptor for each of ``names``, in place of all that was kept before."""

    number: int
    vm_id: str
    note: str
    names: list[str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Adopt:
    """Let a machine go on, and say what was kept of it; of one that has ended, Exited comes first."""

    number: int
    vm_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Census:
    """Which machines there are: Done has them as ``names``."""

    number: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pause:
    """Stop every process of a machine."""

    number: int
    vm_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resume:
    """Let every process of a machine go on."""

    number: int
    vm_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Destroy:
    """End the process and drop the namespace; Done comes when nothing of it is left."""

    number: int
    vm_id: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Done:
    """The answer to request ``number``: ``errno`` 0 is success, else ``stage`` says what failed."""

    number: int
    errno: int = 0
    stage: str = ""
    pid: int = 0
    note: str = ""
    names: list[str] = dataclasses.field(default_factory=list)
    """What the descriptors are, of Adopt; the machines, of Census."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quit:
    """The controller ends in order: every machine and the broker end too.  There is no answer."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exited:
    """A machine's first process has ended."""

    vm_id: str
    code: int | None
    signal: int | None


Request = Create | Spawn | Open | Listen | Patience | Keep | Adopt | Census | Pause | Resume | Destroy
Message = Ready | Unfit | Taken | Request | Quit | Done | Exited

_TYPES: dict[str, type[Message]] = {kind.__name__: kind for kind in typing.get_args(Message)}


def encode(message: Message) -> bytes:
    """One packet.  Raises ValueError above MAX_PACKET_BYTES."""
    packet = json.dumps([type(message).__name__, dataclasses.asdict(message)]).encode()
    if len(packet) > MAX_PACKET_BYTES:
        raise ValueError(f"{type(message).__name__}: {len(packet)} bytes, at most {MAX_PACKET_BYTES} fit")
    return packet


def decode(packet: bytes) -> Message:
    """Read one packet.  Raises ValueError when it is of another version."""
    name, fields = json.loads(packet)
    try:
        return _TYPES[name](**fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a packet of another version: {name}") from error


def send(channel: socket.socket, message: Message, fds: Sequence[int] = ()) -> None:
    """Send one packet with its descriptors (which stay the caller's)."""
    socket.send_fds(channel, [encode(message)], list(fds))


def receive(channel: socket.socket) -> tuple[Message, list[int]] | None:
    """Take one packet and its descriptors (the caller's from now on); None when the peer has gone.

    Not by socket.recv_fds: it ignores its flags, and descriptors would be inherited by every program.
    """
    room = socket.CMSG_SPACE(MAX_FDS * _FD_BYTES)
    packet, ancillary, _flags, _peer = channel.recvmsg(MAX_PACKET_BYTES, room, socket.MSG_CMSG_CLOEXEC)
    fds = [fd for level, kind, data in ancillary if _is_rights(level, kind) for fd in _descriptors(data)]
    return (decode(packet), fds) if packet else None


def _is_rights(level: int, kind: int) -> bool:
    return (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)


def _descriptors(data: bytes) -> list[int]:
    return array.array("i", data[: len(data) - len(data) % _FD_BYTES]).tolist()
