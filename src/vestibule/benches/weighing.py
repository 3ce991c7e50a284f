"""What a controller of this host and its broker have of memory; found by who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from vestibule.drivers import proc


def processes_of(url: str) -> Callable[[], Mapping[str, int]]:
    """Reads resident bytes of the controller at ``url`` and of its child, the broker.

    It reads nothing where they are on another host, or another user's.
    """
    port = urlsplit(url).port
    controller = _listener(port) if port else None
    pids = {} if controller is None else {"controller": controller, **_broker(controller)}
    return lambda: {name: size for name, pid in pids.items() if (size := proc.resident_bytes(pid))}


def _listener(port: int) -> int | None:
    sockets = {f"socket:[{inode}]" for inode in proc.listening(port)}
    return next((pid for pid in proc.pids() if sockets & set(proc.open_files(pid))), None)


def _broker(controller: int) -> Mapping[str, int]:
    """The child that outlives all others: there is one from the start on."""
    first = min(proc.children(controller), default=None)
    return {} if first is None else {"broker": first}
