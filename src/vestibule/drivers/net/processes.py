"""What /proc says of a process: a pid alone is reused, a pid with its start time is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_FIELD_STARTTIME = 22
_FIRST_FIELD_AFTER_NAME = 3


def start_ticks(pid: int) -> int | None:
    """Start time in clock ticks since boot (stat field 22), or None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[_FIELD_STARTTIME - _FIRST_FIELD_AFTER_NAME])


def is_running(pid: int, started: int) -> bool:
    """Whether the process of this pid that started then, in clock ticks since boot, is still there."""
    return start_ticks(pid) == started


def children(pid: int) -> Iterator[int]:
    """The processes whose parent is ``pid``, zombies included."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _parent(folder) == pid:
            yield int(folder.name)


def tree(pid: int) -> Iterator[tuple[int, int]]:
    """A process and all below it, parents first: each pid with its start time."""
    below: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (parent := _parent(folder)) is not None:
            below.setdefault(parent, []).append(int(folder.name))
    waiting = [pid]
    for one in waiting:  # grows while it is gone through
        if (started := start_ticks(one)) is not None:
            yield one, started
        waiting += below.get(one, [])


def network_of(pid: int) -> int | None:
    """Inode of the network namespace of a process, or None when it has ended."""
    try:
        return Path(f"/proc/{pid}/ns/net").stat().st_ino
    except OSError:
        return None


def _parent(folder: Path) -> int | None:
    try:
        stat = (folder / "stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[1])
