"""The agent's layer, sent to the real receiving side over a socket: what arrives is what the layer holds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from vestibule.core.errors import GoldenFailed
from vestibule.drivers.goldens.listing import Digests, list_tree, write_listing
from vestibule.drivers.goldens.pack import LISTING
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.qemu.delivery import deliver, delivery_of
from vestibule_desktop.delivery import take

pytestmark = pytest.mark.anyio

Taker = Callable[[bytes], bytes]


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A finished layer of two files."""
    folder = tmp_path / "layer"
    for path, content, mode in (("usr/lib/agent.py", "print()", 0o644), ("usr/bin/demo", "#!/bin/sh", 0o755)):
        file = folder / "rootfs" / path
        file.parent.mkdir(parents=True)
        file.write_text(content)
        file.chmod(mode)
    write_listing(folder / LISTING, list_tree(folder / "rootfs", Digests()))
    return folder


class Desktop:
    """Answers one delivery."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.answer: Taker = lambda _line: b"{}\n"

    async def serve(self) -> None:
        loop, line = asyncio.get_running_loop(), b""
        while not line.endswith(b"\n"):
            line += await loop.sock_recv(self._sock, 65_536)
        await loop.sock_sendall(self._sock, self.answer(line))


@pytest.fixture
async def desktop() -> AsyncIterator[tuple[Desktop, SocketControl]]:
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    desktop, control = Desktop(theirs), SocketControl(ours)
    serving = asyncio.create_task(desktop.serve())
    yield desktop, control
    serving.cancel()
    control.close()
    theirs.close()


async def test_the_machine_has_the_layers_files(
    layer: Path, tmp_path: Path, desktop: tuple[Desktop, SocketControl]
) -> None:
    desktop[0].answer = lambda line: take(line, tmp_path / "root").encode()
    await deliver(layer, desktop[1], 20)
    arrived, wanted = list_tree(tmp_path / "root", Digests()), list_tree(layer / "rootfs", Digests())
    assert {path: entry for path, entry in arrived.items() if entry.content} == {
        path: entry for path, entry in wanted.items() if entry.content
    }


async def test_a_file_that_arrived_otherwise_is_named(
    layer: Path, tmp_path: Path, desktop: tuple[Desktop, SocketControl]
) -> None:
    (layer / "rootfs/usr/bin/demo").write_text("#!/bin/false")  # not what the listing says
    desktop[0].answer = lambda line: take(line, tmp_path / "root").encode()
    with pytest.raises(
        GoldenFailed, match="/usr/bin/demo is not in the machine as it is in the agent's layer"
    ):
        await deliver(layer, desktop[1], 20)


async def test_a_refusal_is_quoted(layer: Path, desktop: tuple[Desktop, SocketControl]) -> None:
    desktop[0].answer = lambda _line: b'{"contract": 1, "digests": {}, "refusal": "no room"}\n'
    with pytest.raises(GoldenFailed, match="refused the agent: no room") as failure:
        await deliver(layer, desktop[1], 20)
    assert failure.value.failure_code == "snapshot_failed"


async def test_an_answer_of_another_shape_is_named(
    layer: Path, desktop: tuple[Desktop, SocketControl]
) -> None:
    with pytest.raises(GoldenFailed, match="did not take the agent in: Delivered"):
        await deliver(layer, desktop[1], 20)


def test_what_is_no_plain_file_cannot_be_delivered(layer: Path) -> None:
    (layer / "rootfs/usr/link").symlink_to("bin/demo")
    write_listing(layer / LISTING, list_tree(layer / "rootfs", Digests()))
    with pytest.raises(GoldenFailed, match="/usr/link in the agent's layer is no plain file"):
        delivery_of(layer)
