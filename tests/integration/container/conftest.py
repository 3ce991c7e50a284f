"""Real containers on a rootfs borrowed from the host: enough for isolation, without a golden."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import UNOWNED_ID, Limits
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerDriver, ContainerMachine
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.services.ports import MachineRequest, Network

GOLDEN = GoldenId("g-borrowed")
LIMITS = Limits(mem_mib=256, vcpus=1, pids=48)


class BorrowedUsr:
    """A network whose containers see the host's /usr, read-only, in an otherwise empty rootfs."""

    def __init__(self, network: BrokerNetwork) -> None:
        self._network = network
        self.create, self.wait, self.destroy = network.create, network.wait, network.destroy
        self.connect, self.listen = network.connect, network.listen
        self.keep, self.adopt, self.end_orphans = network.keep, network.adopt, network.end_orphans
        self.pause, self.resume = network.pause, network.resume

    async def spawn(
        self, vm_id: VmId, argv: Sequence[str], *, fds: Mapping[int, int], log: Path, limits: Limits
    ) -> int:
        after_root = list(argv).index("/") + 1
        lent = [*argv[:after_root], "--ro-bind", "/usr", "/usr", *argv[after_root:]]
        return await self._network.spawn(vm_id, lent, fds=fds, log=log, limits=limits)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def broker() -> AsyncIterator[BrokerNetwork]:
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    async with BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=None) as network:
        yield network


@pytest.fixture
def network(broker: BrokerNetwork) -> Network:
    return BorrowedUsr(broker)


@pytest.fixture
def goldens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of goldens that the machines' user can reach, as a cache is."""
    folder = tmp_path_factory.mktemp("goldens")
    for parent in (folder, folder.parent, folder.parent.parent):
        if parent.stat().st_uid == os.getuid():
            parent.chmod(0o711)
    _lay_out(folder / GOLDEN / "rootfs")
    return folder


def _lay_out(rootfs: Path) -> None:
    for name in ("usr", "proc", "dev", "tmp", "run", "home", "root", "etc", "var/tmp", "var/log"):
        (rootfs / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (rootfs / name).symlink_to(f"usr/{name}")
    for name in ("machine-id", "hostname", "hosts"):
        (rootfs / "etc" / name).write_text("golden\n")


@pytest.fixture
def new_request(tmp_path: Path) -> Callable[..., MachineRequest]:
    def make(address: str = "192.168.100.7", limits: Limits = LIMITS) -> MachineRequest:
        vm_id = VmId(f"vm-{os.urandom(8).hex()}")
        run_dir = tmp_path / vm_id
        run_dir.mkdir()
        return MachineRequest(
            vm_id=vm_id,
            golden_id=GOLDEN,
            address=address,
            gateway="192.168.100.1",
            cidr="192.168.100.0/24",
            limits=limits,
            run_dir=run_dir,
        )

    return make


Inside = Callable[..., Awaitable[str]]
Start = Callable[..., Awaitable[ContainerMachine]]


@pytest.fixture
def start(network: Network, goldens: Path) -> Start:
    async def start_program(request: MachineRequest, *command: str) -> ContainerMachine:
        driver = ContainerDriver(
            network=network, goldens=goldens, open_control=SocketControl, command=command
        )
        return await driver.start(request)

    return start_program


@pytest.fixture
def inside(start: Start, new_request: Callable[..., MachineRequest]) -> Inside:
    """Run a Python program in a container; returns what it printed, and how it ended."""

    async def run(program: str, *, limits: Limits = LIMITS) -> str:
        request = new_request(limits=limits)
        machine = await start(request, "/usr/bin/python3", "-I", "-c", program)
        ended = await asyncio.wait_for(machine.wait(), 60)
        await machine.stop()
        return f"{(request.run_dir / LOG_NAME).read_text()}{ended}"

    return run
