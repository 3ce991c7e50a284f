"""An HTTP server on a socket that its owner has bound: uvicorn, without its own idea of signals.

The controller and the demo provider are two of them on one event loop; who stops them is decided in main.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from vestibule.core.errors import HostUnfit, PortTaken

GRACE_S = 3
"""How long open connections may take to end when the server stops."""


class HttpServer(uvicorn.Server):
    """Serves one app until ``should_exit``; ``on_stop`` lets endless answers end first."""

    def __init__(self, app: ASGIApp, on_stop: Callable[[], None] = lambda: None) -> None:
        config = uvicorn.Config(
            app,
            ws="websockets-sansio",  # the fastest relay of those measured; no compression: RFB is compressed
            ws_per_message_deflate=False,
            ws_max_size=1 << 20,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._on_stop = on_stop
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to main."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Say when connections are answered."""
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End endless answers, then what uvicorn ends."""
        self._on_stop()
        await super().shutdown(sockets)


def bind(host: str, port: int) -> socket.socket:
    """A bound TCP socket.  Raises PortTaken, or HostUnfit when the address is not this host's."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise _not_bound(host, port, error) from error
    return sock


def _not_bound(host: str, port: int, error: OSError) -> PortTaken | HostUnfit:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"Port {port} of {host} is taken by another program.",
            remedy=f"End it (ss -ltnp 'sport = :{port}' names it), or set another port (VESTIBULE_PORT).",
        )
    return HostUnfit(
        f"The controller cannot listen on {host}:{port}: {error.strerror}.",
        remedy="Set host to an address of this machine; 127.0.0.1 always is one.",
        code="address_unusable",
    )


@contextlib.contextmanager
def bind_unix(path: Path) -> Iterator[socket.socket]:
    """A bound UNIX socket that only its owner may use; replaces one that a dead controller left."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)
