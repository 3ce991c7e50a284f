"""Takes stock of a controller: its processes, namespaces, descriptors, memory and files."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vestibule.core.soak import Stock
from vestibule.drivers import proc
from vestibule.drivers.net import namespaces

_INODE = re.compile(r":\[\d+\]$")
_NETWORK = re.compile(r"net:\[(\d+)\]$")


def become_reaper() -> None:
    """From now on, whatever loses its parent below this process becomes its child, and so is counted."""
    namespaces.prctl(namespaces.PR_SET_CHILD_SUBREAPER, 1)


def take_stock(controller: int, folders: Mapping[str, Path], spared: Sequence[Path]) -> Stock:
    """Everything below this process; of ``folders``, by label, every file that is not below ``spared``.

    ``controller``: this process's own child, which it does not reap here.
    """
    _reap_adopted(controller)
    found = [one for one in proc.tree(os.getpid()) if one[0] != os.getpid()]
    host = proc.network_of(os.getpid())
    return Stock(
        processes={one: proc.name_of(one[0]) for one in found},
        namespaces=frozenset(_networks([pid for pid, _ in found])) - {host or 0},
        files=frozenset(_files(folders, spared)),
        fds={_label(pid): Counter(_kinds(pid)) for pid, _ in found},
        rss_mb={_label(pid): proc.resident_bytes(pid) / (1 << 20) for pid, _ in found},
    )


def _reap_adopted(controller: int) -> None:
    """Take leave of what has ended, as a host's first process would."""
    for pid in proc.children(os.getpid()):
        if pid != controller and proc.is_zombie(pid):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _networks(pids: Sequence[int]) -> Iterator[int]:
    for pid in pids:
        if (inode := proc.network_of(pid)) is not None:
            yield inode
        for target in proc.open_files(pid):
            if found := _NETWORK.match(target):
                yield int(found[1])
    for mount in proc.mounts():
        if found := _NETWORK.match(mount.root):
            yield int(found[1])


def _files(folders: Mapping[str, Path], spared: Sequence[Path]) -> Iterator[str]:
    for label, folder in folders.items():
        for root, below, names in os.walk(folder):  # what goes meanwhile is left out
            below[:] = [name for name in below if Path(root, name) not in spared]
            for name in (*below, *names):
                yield f"{label}/{Path(root, name).relative_to(folder)}"


def _kinds(pid: int) -> Iterator[str]:
    """What each descriptor is, without the number that no two have in common."""
    return (_INODE.sub("", target) for target in proc.open_files(pid))


def _label(pid: int) -> str:
    return f"{proc.name_of(pid)} ({pid})"
