"""What one machine costs its host, read from /proc (proc(5)): processor seconds, memory of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_KIB = 1024
_PRIVATE = ("Private_Clean:", "Private_Dirty:")


def family(pid: int) -> list[int]:
    """The process and all its descendants: a container's machine is many processes."""
    found = [pid]
    for parent in found:
        found += _children(parent)
    return found


def _children(pid: int) -> Iterator[int]:
    for path in (_PROC / str(pid) / "task").glob("*/children"):
        yield from _numbers(path)


def _numbers(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text().split()]
    except OSError:
        return []  # the thread has ended meanwhile


def cpu_seconds(pid: int) -> float:
    """User and system time of a machine so far, in seconds; ended children count through their parents."""
    ticks = sum(_ticks(member) for member in family(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(fields[index]) for index in (11, 12, 13, 14))  # utime stime cutime cstime


def private_mb(pid: int) -> float:
    """Memory that nobody else maps (Private_Clean + Private_Dirty), in MB of 10^6 bytes."""
    kib = sum(_private_kib(member) for member in family(pid))
    return kib * _KIB / 1e6


def _private_kib(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(_PRIVATE))
