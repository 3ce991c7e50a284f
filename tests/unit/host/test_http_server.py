"""A socket is held from the moment it is bound, and a server that breaks is noticed."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from starlette.applications import Starlette

from vestibule.assembly import _Verdicts
from vestibule.core.errors import Conflict, PortTaken
from vestibule.drivers.http_server import HttpServer, bind, bind_unix, serving
from vestibule.services.meter import SilentMeter


def test_a_port_can_be_bound_once() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortTaken):
            bind("127.0.0.1", port)


def test_a_unix_socket_that_answers_is_not_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "run/demo.sock"
    with bind_unix(path), pytest.raises(Conflict, match="controller_running"), bind_unix(path):
        pass
    assert not path.exists()


def test_a_unix_socket_of_a_dead_controller_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "demo.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with bind_unix(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


class _Broken(HttpServer):
    """Fails at the stage that it is told."""

    stage = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.stage == "startup":
            raise OSError("no startup")
        await super().startup(sockets)

    async def main_loop(self) -> None:
        raise OSError("no loop")


@pytest.mark.anyio
async def test_a_server_that_cannot_start_is_not_waited_for() -> None:
    server = _Broken(Starlette())
    server.stage = "startup"
    with bind("127.0.0.1", 0) as sock, pytest.raises(OSError, match="no startup"):
        async with asyncio.timeout(5), serving(server, sock):
            pass


@pytest.mark.anyio
async def test_a_server_that_dies_ends_its_task_and_says_why() -> None:
    with bind("127.0.0.1", 0) as sock, pytest.raises(OSError, match="no loop"):
        async with asyncio.timeout(5), serving(_Broken(Starlette()), sock) as task:
            await asyncio.wait([task])


@pytest.mark.anyio
async def test_a_verdict_that_cannot_be_told_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[object] = []
    monkeypatch.setattr("vestibule.assembly.log.error", lambda _, **told: logged.append(told["exc_info"]))

    async def fail() -> None:
        raise ZeroDivisionError

    verdicts, task = _Verdicts(SilentMeter()), asyncio.create_task(fail())
    await asyncio.wait([task])
    verdicts._told(task)
    assert isinstance(logged[0], ZeroDivisionError)
