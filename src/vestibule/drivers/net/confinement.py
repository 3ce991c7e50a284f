"""How the broker gives up what it does not need, and enters its own user namespace.

Started by root it becomes the machines' user *without exec* (the interpreter may live below root's home,
which that user cannot read), so it must be made dumpable again: only then is /proc/self/uid_map its own.
"""

from __future__ import annotations

import dataclasses
import os
import stat
from collections.abc import Callable
from pathlib import Path

from vestibule.drivers.net import namespaces

_GROUP_OPENS = stat.S_IRGRP | stat.S_IWGRP


class StageError(Exception):
    """A step of the confinement failed: ``stage`` and the errno."""

    def __init__(self, stage: str, number: int) -> None:
        super().__init__(f"{stage}: {os.strerror(number)}")
        self.stage = stage
        self.number = number


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """The user and group that machines run as on the host; None keeps the caller's."""

    uid: int
    gid: int


def confine(identity: Identity | None) -> None:
    """Drop to ``identity``, then enter a user namespace and an empty network namespace of its own.

    Raises StageError with the stage ``drop``, ``user_namespace``, ``maps`` or ``network_namespace``.
    """
    if identity is not None:
        _staged("drop", lambda: _drop(identity))
    uid, gid = os.getuid(), os.getgid()
    _staged("user_namespace", lambda: namespaces.unshare(namespaces.CLONE_NEWUSER))
    _staged("maps", lambda: _map_self(uid, gid))
    _staged("network_namespace", lambda: namespaces.unshare(namespaces.CLONE_NEWNET))
    namespaces.prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1)


def _staged(stage: str, step: Callable[[], None]) -> None:
    try:
        step()
    except OSError as error:
        raise StageError(stage, error.errno or 0) from error


def _drop(identity: Identity) -> None:
    os.setgroups(kvm_groups())
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    namespaces.prctl(namespaces.PR_SET_DUMPABLE, 1)


def kvm_groups(node: Path = Path("/dev/kvm")) -> list[int]:
    """The group that may open KVM, where it is not root's: QEMU needs it, containers have no such device."""
    try:
        found = node.stat()
    except OSError:
        return []
    return [found.st_gid] if found.st_gid and found.st_mode & _GROUP_OPENS == _GROUP_OPENS else []


def _map_self(uid: int, gid: int) -> None:
    """Map only ourselves, to the same numbers: a program started by us is not root anywhere."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")
