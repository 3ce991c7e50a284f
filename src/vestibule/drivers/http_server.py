"""An HTTP server on a socket that its owner has bound: uvicorn, without its own idea of signals.

The controller and the demo provider are two of them on one event loop; who stops them is decided in main.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import structlog
import uvicorn
from starlette.types import ASGIApp

from vestibule.core.errors import Conflict, HostUnfit, PortTaken
from vestibule.drivers.outlet import OutletProtocol

log = structlog.get_logger()

GRACE_S = 3
"""How long open connections may take to end when the server stops."""


class HttpServer(uvicorn.Server):
    """Serves one app until ``should_exit``; ``on_stop`` lets endless answers end first."""

    def __init__(self, app: ASGIApp, on_stop: Callable[[], None] = lambda: None) -> None:
        config = uvicorn.Config(
            app,
            ws=OutletProtocol,  # no compression, which its frames could not have: RFB is compressed
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
    """A listening TCP socket.  Raises PortTaken, or HostUnfit when the address is not this host's.

    It listens at once: of two programs that only bind with SO_REUSEADDR, neither learns of the other.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen()
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
    """A listening UNIX socket that only its owner may use; replaces one that a dead controller left.

    Raises Conflict ``controller_running`` when somebody still answers there, HostUnfit when it
    cannot be made.
    """
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
            _refuse_answered(path)
            path.unlink(missing_ok=True)
            sock.bind(str(path))
            path.chmod(stat.S_IRUSR | stat.S_IWUSR)
            sock.listen()
        except OSError as error:
            raise HostUnfit(
                f"The socket {path} cannot be made: {error.strerror or error}.",
                remedy="Set run_dir to a folder of your own whose path is shorter than 90 characters.",
                code="run_dir_unusable",
            ) from error
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)


def _refuse_answered(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) != 0:
            return
    raise Conflict(
        f"Another controller uses the run folder {path.parent}.",
        remedy="Stop it (Ctrl-C, or its supervisor), or set another run_dir.",
        code="controller_running",
    )


@contextlib.asynccontextmanager
async def serving(server: HttpServer, sock: socket.socket) -> AsyncIterator[asyncio.Task[None]]:
    """Serve on ``sock``: entered once connections are answered, left once the server has ended.

    Yields the server's task, which ends early only when the server broke; that error is raised at the end.
    Raises HostUnfit ``server_ended`` when it ends before it answers.
    """
    task = asyncio.create_task(server.serve([sock]))
    task.add_done_callback(lambda _: _note_end(server))
    try:
        await _answering(server, task)
        yield task
    finally:
        server.should_exit = True
        await task


async def _answering(server: HttpServer, task: asyncio.Task[None]) -> None:
    listening = asyncio.create_task(server.listening.wait())
    try:
        await asyncio.wait((listening, task), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listening.cancel()
    if task.done():
        await task
        raise HostUnfit(
            "The HTTP server ended before it answered.",
            remedy="Read the controller's log just before this line, and report it as a bug.",
            code="server_ended",
        )


def _note_end(server: HttpServer) -> None:
    if not server.should_exit:
        log.error("HTTP server ended unasked")
