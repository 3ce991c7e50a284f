"""Takes stock of a controller: its processes, namespaces, descriptors and memory by /proc, its files."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vestibule.core.soak import Stock
from vestibule.drivers.net import namespaces, processes

_INODE = re.compile(r":\[\d+\]$")
_NETWORK = re.compile(r"net:\[(\d+)\]$")
_ZOMBIE = "Z"


def become_reaper() -> None:
    """From now on, whatever loses its parent below this process becomes its child, and so is counted."""
    namespaces.prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1)


def take_stock(controller: int, folders: Mapping[str, Path], spared: Sequence[Path]) -> Stock:
    """Everything below this process; of ``folders``, by label, every file that is not below ``spared``.

    ``controller``: this process's own child, which it does not reap here.
    """
    _reap_adopted(controller)
    found = [one for one in processes.tree(os.getpid()) if one[0] != os.getpid()]
    host = processes.network_of(os.getpid())
    return Stock(
        processes={one: _name(one[0]) for one in found},
        namespaces=frozenset(_networks([pid for pid, _ in found])) - {host or 0},
        files=frozenset(_files(folders, spared)),
        fds={_label(pid): Counter(_kinds(pid)) for pid, _ in found},
        rss_mb={_label(pid): _rss_mb(pid) for pid, _ in found},
    )


def _reap_adopted(controller: int) -> None:
    """Take leave of what has ended, as a host's first process would."""
    for pid in processes.children(os.getpid()):
        if pid != controller and _state(pid) == _ZOMBIE:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _networks(pids: Sequence[int]) -> Iterator[int]:
    for pid in pids:
        if (inode := processes.network_of(pid)) is not None:
            yield inode
        for target in _targets(pid):
            if found := _NETWORK.match(target):
                yield int(found[1])
    for line in _lines(Path("/proc/self/mountinfo")):
        if found := _NETWORK.match(line.split()[3]):
            yield int(found[1])


def _files(folders: Mapping[str, Path], spared: Sequence[Path]) -> Iterator[str]:
    for label, folder in folders.items():
        for path in folder.rglob("*"):
            if not any(path == one or one in path.parents for one in spared):
                yield f"{label}/{path.relative_to(folder)}"


def _kinds(pid: int) -> Iterator[str]:
    """What each descriptor is, without the number that no two have in common."""
    return (_INODE.sub("", target) for target in _targets(pid))


def _targets(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):  # it ended while we looked
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(descriptor.readlink())


def _rss_mb(pid: int) -> float:
    for line in _lines(Path(f"/proc/{pid}/status")):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _state(pid: int) -> str:
    stat = "".join(_lines(Path(f"/proc/{pid}/stat")))
    return stat.rpartition(")")[2].split()[0] if stat else ""


def _label(pid: int) -> str:
    return f"{_name(pid)} ({pid})"


def _name(pid: int) -> str:
    return "".join(_lines(Path(f"/proc/{pid}/comm"))) or "ended"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
