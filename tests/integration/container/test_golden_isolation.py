"""The essential claims of ``test_isolation``, on the root that machines really have: the golden's."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vestibule.core.ids import GoldenId
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerMachine
from vestibule.drivers.net.client import BrokerNetwork
from vestibule.machinery import goldens_of
from vestibule.services.ports import MachineRequest
from vestibule.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.golden]

Inside = Callable[..., Awaitable[str]]
Start = Callable[..., Awaitable[ContainerMachine]]
NewRequest = Callable[..., MachineRequest]


@pytest.fixture(scope="module")
def golden_id() -> GoldenId:
    """The wanted golden, built on first use."""
    return goldens_of(Settings()).builder.build(lambda *_: None).golden_id


@pytest.fixture
def goldens() -> Path:
    return Settings().cache_dir / "goldens"


@pytest.fixture
def network(broker: BrokerNetwork) -> BrokerNetwork:
    """Without the host's /usr: the golden has its own."""
    return broker


@pytest.fixture
def new_request(new_request: NewRequest, golden_id: GoldenId) -> NewRequest:
    return lambda *args, **named: dataclasses.replace(new_request(*args, **named), golden_id=golden_id)


async def test_no_process_of_the_host_is_visible(inside: Inside) -> None:
    said = await inside("import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))")
    assert said.startswith("[1, 2]")


async def test_no_file_of_the_host_is_visible(inside: Inside, tmp_path: Path) -> None:
    paths = [str(tmp_path), str(Path(__file__)), str(Settings().cache_dir)]
    said = await inside(
        "import os\n"
        f"print([p for p in {paths!r} if os.path.exists(p)])\n"
        "print(os.listdir('/root'), os.listdir('/home'))"
    )
    assert said.startswith("[]\n[] ['person']\n"), said


async def test_the_devices_are_the_harmless_ones(inside: Inside) -> None:
    said = await inside(
        "import os, stat\n"
        "modes = {f'{d}/{n}': os.lstat(f'{d}/{n}').st_mode for d, _, ns in os.walk('/dev') for n in ns}\n"
        "print(*sorted(n for n, m in modes.items() if stat.S_ISCHR(m) or stat.S_ISBLK(m)))"
    )
    names = ["full", "null", "pts/ptmx", "random", "tty", "urandom", "zero"]
    assert said.splitlines()[0].split() == [f"/dev/{name}" for name in names], said


@pytest.mark.parametrize(
    "path", ["/etc/new", "/usr/new", "/new", "/opt/vestibule/new", "/usr/lib/vestibule/new"]
)
async def test_the_root_cannot_be_written(inside: Inside, path: str) -> None:
    said = await inside(f"try: open('{path}', 'w'); print('WRITTEN')\nexcept OSError as e: print(e.errno)")
    assert said.splitlines()[0] in {str(errno.EROFS), str(errno.EACCES)}


@pytest.mark.parametrize("address", ["192.168.100.1", "10.0.0.1", "169.254.169.254", "1.1.1.1"])
async def test_no_address_beyond_is_reachable(inside: Inside, address: str) -> None:
    said = await inside(
        "import socket\n"
        f"try: socket.create_connection(('{address}', 80), 2); print('REACHED')\n"
        "except OSError as e: print(e.errno)"
    )
    assert said.splitlines()[0] == str(errno.ENETUNREACH)


async def test_only_the_proxy_answers(start: Start, new_request: NewRequest) -> None:
    request = new_request()
    program = (
        "import os, socket; os.read(3, 1)\n"
        "socket.create_connection(('127.0.0.1', 3128), 2)\n"
        "print([line.split()[1] for name in ('tcp', 'tcp6', 'udp', 'udp6')\n"
        "  for line in open(f'/proc/net/{name}') if line.split()[3] in ('0A', '07')])"
    )
    machine = await start(request, "/usr/bin/python3", "-I", "-c", program)
    with await machine.listen(3128):
        machine._channel.send(b"!")
        await asyncio.wait_for(machine.wait(), 60)
    assert (request.run_dir / LOG_NAME).read_text() == "['0100007F:0C38']\n"
    await machine.stop()
