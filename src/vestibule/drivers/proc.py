"""What the kernel says in /proc (proc(5)): the one place where its files are taken apart.

Of a process: its stat, status, comm, descriptors, namespaces and memory; of the host: memory, load, pressure,
listening sockets, mounts.  A process that has ended has nothing to say: that is no error.  A pid alone is
reused, a pid with its start time is not.

``proc`` is another folder in tests.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROC = Path("/proc")

_STATE, _PARENT, _USER_TICKS, _CHILDREN_TICKS, _START_TICKS = 0, 1, 11, 14, 19
"""Fields of stat behind the name, which may hold anything: its own numbers less three."""
_PRIVATE = ("Private_Dirty:", "Private_Hugetlb:", "SwapPss:")
_PENDING = ("SigPnd:", "ShdPnd:")
_SIGKILL_BIT = 1 << (signal.SIGKILL - 1)
_LISTENS = "0A"
"""TCP_LISTEN, in hexadecimal (include/net/tcp_states.h)."""
_TCP_LOCAL, _TCP_STATE, _TCP_INODE = 1, 3, 9
_MOUNT_ROOT, _MOUNT_POINT = 3, 4
_LOCK_KIND, _LOCK_MODE, _LOCK_PID, _LOCK_FILE, _LOCK_FIRST, _LOCK_LAST = 1, 3, 4, 5, 6, 7
_OCTAL = re.compile(r"\\([0-7]{3})")

Averages = Mapping[str, float]
"""A line of a pressure file: avg10, avg60, avg300 in percent, total in microseconds."""


# -- processes -------------------------------------------------------------------------------------------


def pids(proc: Path = PROC) -> Iterator[int]:
    """Every process that this one sees."""
    return (int(folder.name) for folder in proc.glob("[0-9]*"))


def start_ticks(pid: int, proc: Path = PROC) -> int | None:
    """Start time in clock ticks since boot, or None when there is no such process."""
    stat = _stat(pid, proc)
    return int(stat[_START_TICKS]) if stat else None


def is_running(pid: int, started: int) -> bool:
    """Whether the process of this pid that started then, in clock ticks since boot, is still there."""
    return start_ticks(pid) == started


def is_zombie(pid: int) -> bool:
    """Whether it has ended, and its parent has not taken leave of it."""
    stat = _stat(pid, PROC)
    return bool(stat) and stat[_STATE] == "Z"


def is_killed(pid: int, proc: Path = PROC) -> bool:
    """Whether a SIGKILL waits for it, which it does not hear while it is frozen."""
    pending = (line.split()[1] for line in _lines(proc / str(pid) / "status") if line.startswith(_PENDING))
    return any(int(signals, 16) & _SIGKILL_BIT for signals in pending)


def children(pid: int) -> Iterator[int]:
    """The processes whose parent is ``pid``, zombies included."""
    return (one for one in pids() if (stat := _stat(one, PROC)) and int(stat[_PARENT]) == pid)


def tree(pid: int, proc: Path = PROC) -> Iterator[tuple[int, int]]:
    """A process and all below it, parents first: each pid with its start time."""
    below: dict[int, list[int]] = {}
    for one in pids(proc):
        if stat := _stat(one, proc):
            below.setdefault(int(stat[_PARENT]), []).append(one)
    waiting = [pid]
    for one in waiting:  # grows while it is gone through
        if (started := start_ticks(one, proc)) is not None:
            yield one, started
        waiting += below.get(one, [])


def name_of(pid: int) -> str:
    """What it is called; "ended" when it has."""
    return "".join(_lines(PROC / str(pid) / "comm")) or "ended"


def cpu_s(pid: int, proc: Path = PROC) -> float:
    """User and system time in seconds, its own and of children that it has waited for."""
    ticks = _stat(pid, proc)[_USER_TICKS : _CHILDREN_TICKS + 1]
    return sum(int(field) for field in ticks) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Memory that it has now."""
    lines = _lines(PROC / str(pid) / "status")
    return next((_bytes(line) for line in lines if line.startswith("VmRSS:")), 0)


def proportional_bytes(pid: int) -> int:
    """Memory that it has now, of shared pages its share.  Raises PermissionError."""
    return sum(_bytes(line) for line in _mapped(pid, PROC) if line.startswith("Pss:"))


def private_bytes(pid: int, proc: Path = PROC) -> int:
    """Memory that it has written itself, and what of that is in swap.  Raises PermissionError."""
    return sum(_bytes(line) for line in _mapped(pid, proc) if line.startswith(_PRIVATE))


def _mapped(pid: int, proc: Path) -> Sequence[str]:
    """All its mappings added up, a line for each kind; none when it has ended.  Raises PermissionError."""
    try:
        return (proc / str(pid) / "smaps_rollup").read_text().splitlines()
    except PermissionError:
        raise
    except OSError:
        return []


def open_files(pid: int) -> Iterator[str]:
    """What its descriptors lead to; nothing of another user's."""
    with contextlib.suppress(OSError):  # it ended while we looked
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(descriptor.readlink())


def network_of(pid: int) -> int | None:
    """Inode of the network namespace of a process, or None when it has ended."""
    try:
        return (PROC / str(pid) / "ns/net").stat().st_ino
    except OSError:
        return None


# -- the host --------------------------------------------------------------------------------------------


def memory(proc: Path = PROC) -> Mapping[str, int]:
    """The fields of meminfo, in bytes; none where it cannot be read."""
    return {line.partition(":")[0]: _bytes(line) for line in _lines(proc / "meminfo")}


def processor_ticks(proc: Path = PROC) -> list[int]:
    """Of all processors since boot: user, nice, system, idle, iowait, …; none where it cannot be read."""
    return [int(field) for line in _lines(proc / "stat")[:1] for field in line.split()[1:]]


def counters(proc: Path = PROC) -> Mapping[str, int]:
    """What vmstat has counted since boot."""
    return {name: int(count) for name, _, count in (line.partition(" ") for line in _lines(proc / "vmstat"))}


def load(proc: Path = PROC) -> float | None:
    """Processes that ran or waited to, on average of a minute; None where it cannot be read."""
    return next((float(line.split()[0]) for line in _lines(proc / "loadavg")), None)


def pressure(resource: str, proc: Path = PROC) -> Mapping[str, Averages]:
    """``some`` and ``full`` of cpu, memory or io; none on a kernel that does not measure it."""
    found = {}
    for line in _lines(proc / "pressure" / resource):
        kind, *pairs = line.split()
        values = (pair.partition("=") for pair in pairs)
        found[kind] = {name: float(value) for name, _, value in values}
    return found


def listening(port: int) -> Iterator[int]:
    """Inodes of the TCP sockets that listen there, in this network namespace."""
    for table in ("net/tcp", "net/tcp6"):
        for line in _lines(PROC / table)[1:]:
            fields = line.split()
            if fields[_TCP_STATE] == _LISTENS and int(fields[_TCP_LOCAL].rpartition(":")[2], 16) == port:
                yield int(fields[_TCP_INODE])


def writers_of(file: Path, byte: int, proc: Path = PROC) -> Iterator[int]:
    """Processes that hold a POSIX lock for writing on this byte of a file."""
    try:
        at = file.stat()
    except OSError:
        return
    where = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    for line in _lines(proc / "locks"):
        fields = line.split()
        if "->" in fields or fields[_LOCK_KIND] != "POSIX":  # "->": one that waits for it
            continue
        first, last = fields[_LOCK_FIRST], fields[_LOCK_LAST]
        covers = int(first) <= byte and (last == "EOF" or byte <= int(last))
        if covers and (fields[_LOCK_MODE], fields[_LOCK_FILE]) == ("WRITE", where):
            yield int(fields[_LOCK_PID])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mount:
    """A line of mountinfo."""

    root: str
    """What of its file system is mounted: for a namespace "net:[4026531840]"."""
    point: Path


def mounts(proc: Path = PROC) -> Iterator[Mount]:
    """What this process sees mounted; the kernel writes space, tab, newline and backslash in octal.

    Raises OSError when that cannot be read: what may be mounted over must not be deleted.
    """
    for line in (proc / "self/mountinfo").read_text(errors="surrogateescape").splitlines():
        fields = [_OCTAL.sub(lambda found: chr(int(found[1], 8)), field) for field in line.split()]
        yield Mount(root=fields[_MOUNT_ROOT], point=Path(fields[_MOUNT_POINT]))


def _stat(pid: int, proc: Path) -> list[str]:
    """Fields behind the name; none of one that has ended."""
    return "".join(_lines(proc / str(pid) / "stat")).rpartition(")")[2].split()


def _bytes(line: str) -> int:
    """Of "MemTotal:  4096 kB"."""
    return int(line.split()[1]) << 10


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
