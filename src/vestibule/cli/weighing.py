"""What a controller of this host and its broker have of memory; found by who listens (proc(5))."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

PROC = Path("/proc")
LISTENS = "0A"
"""TCP_LISTEN, in hexadecimal (include/net/tcp_states.h)."""
_LOCAL, _STATE, _INODE = 1, 3, 9
"""Fields of /proc/net/tcp."""
_PARENT = 1
"""Of /proc/PID/stat, behind the name."""


def processes_of(url: str) -> Callable[[], Mapping[str, int]]:
    """Reads resident bytes of the controller at ``url`` and of its child, the broker.

    It reads nothing where they are on another host, or another user's.
    """
    port = urlsplit(url).port
    controller = _listener(port) if port else None
    pids = {} if controller is None else {"controller": controller, **_broker(controller)}
    return lambda: {name: size for name, pid in pids.items() if (size := _resident(pid))}


def _listener(port: int) -> int | None:
    sockets = {f"socket:[{inode}]" for inode in _listening(port)}
    return next((pid for pid in _pids() if sockets & set(_open(pid))), None)


def _listening(port: int) -> Iterator[str]:
    for table in ("net/tcp", "net/tcp6"):
        with contextlib.suppress(OSError):  # a kernel without IPv6 has one alone
            for line in (PROC / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[_STATE] == LISTENS and int(fields[_LOCAL].rpartition(":")[2], 16) == port:
                    yield fields[_INODE]


def _open(pid: int) -> Iterator[str]:
    with contextlib.suppress(OSError):  # it has ended, or is another user's
        for link in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(link.readlink())


def _broker(controller: int) -> Mapping[str, int]:
    """The child that outlives all others: there is one from the start on."""
    children = [pid for pid in _pids() if _parent(pid) == controller]
    return {"broker": min(children)} if children else {}


def _pids() -> Iterator[int]:
    return (int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit())


def _parent(pid: int) -> int | None:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[_PARENT])
    except OSError:  # it has ended
        return None


def _resident(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS:")), 0)
