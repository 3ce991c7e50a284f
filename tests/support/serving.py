"""An ASGI app of the tests, served by a thread of its own, on loopback or a UNIX socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextlib.contextmanager
def served(app: Any, at: socket.socket | Path) -> Iterator[None]:
    """Serve until the end of the block."""
    uds = str(at) if isinstance(at, Path) else None
    server = _Server(uvicorn.Config(app, uds=uds, log_level="warning", lifespan="off"))
    sockets = None if isinstance(at, Path) else [at]
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    assert server.up.wait(20)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
