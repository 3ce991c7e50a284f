"""What a controller's processes have of the host, read from /proc (proc(5)), and whether it is gone."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
LISTEN = "0A"


@dataclasses.dataclass(frozen=True)
class Footprint:
    """A controller's process and all below it, held by descriptors that outlive them."""

    pidfds: dict[int, int]
    network_namespaces: frozenset[str]
    listening_ports: frozenset[int]
    """TCP ports of the host (not of a machine's namespace) that one of the processes listens on."""

    def await_gone(self, patience_s: float) -> set[int]:
        """Wait until every process has ended; those that have not."""
        left, deadline = dict(self.pidfds), time.monotonic() + patience_s
        while left and (rest_s := deadline - time.monotonic()) > 0:
            ended, _, _ = select.select(list(left.values()), [], [], rest_s)
            left = {pid: pidfd for pid, pidfd in left.items() if pidfd not in ended}
        return set(left)

    def close(self) -> None:
        for pidfd in self.pidfds.values():
            os.close(pidfd)


def footprint(pid: int) -> Footprint:
    """Take stock of a process and its descendants; those that end meanwhile count for nothing."""
    pidfds = {member: pidfd for member in (pid, *descendants(pid)) if (pidfd := _pidfd(member)) is not None}
    host = _namespace(os.getpid())
    listening = _listening()
    return Footprint(
        pidfds=pidfds,
        network_namespaces=frozenset({_namespace(member) for member in pidfds} - {host, ""}),
        listening_ports=frozenset(
            listening[inode] for member in pidfds for inode in _sockets(member) if inode in listening
        ),
    )


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def inhabited(namespaces: frozenset[str]) -> list[int]:
    """Processes that live in one of these network namespaces."""
    return [pid for pid in _processes() if _namespace(pid) in namespaces]


def groups_of(vm_id: str) -> list[Path]:
    """Control groups of a machine."""
    return [Path(root) for root, _, _ in os.walk(CGROUPS) if root.endswith(f"-{vm_id}")]


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for other in _processes():
        children.setdefault(_parent(other), []).append(other)
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


def _namespace(pid: int) -> str:
    return _target(Path(f"/proc/{pid}/ns/net"))


def _sockets(pid: int) -> Iterator[str]:
    """Inodes of a process's sockets."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            target = _target(descriptor)
            if target.startswith("socket:["):
                yield target[8:-1]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _listening() -> dict[str, int]:
    """Inode → port of every listening TCP socket of this namespace."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN:
                found[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    return found
