"""Real clones of the real golden.  The golden and its snapshot are built on first use and kept."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID, Limits
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.machines.qemu.driver import QemuDriver, QemuMachine
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.machinery import goldens_of
from vestibule.services.ports import MachineRequest
from vestibule.settings import Settings
from vestibule_agent.protocol import CONTRACT, Handover, HandoverReply

LIMITS = Limits(mem_mib=1536, vcpus=2, pids=512)
FAKE_TOKEN = "fake-token-of-a-test"


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The controller's own event loop: its sockets are not asyncio's."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def goldens() -> Goldens:
    goldens = goldens_of(Settings())
    goldens.builder.build(lambda _step, _index, _total, _seconds: None)
    return goldens


@pytest.fixture(scope="session")
async def network() -> AsyncIterator[BrokerNetwork]:
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    async with BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=None) as network:
        yield network


@pytest.fixture(scope="session")
async def driver(goldens: Goldens, network: BrokerNetwork) -> AsyncIterator[QemuDriver]:
    driver = QemuDriver(goldens.store, network, "tcg")
    await driver.prepare(goldens.store.wanted(), LIMITS, lambda _step: None)
    yield driver
    driver.close()


class Clones:
    """Starts clones and ends them all."""

    def __init__(self, driver: QemuDriver, goldens: Goldens, folder: Path) -> None:
        self._driver = driver
        self._golden_id = goldens.store.wanted()
        self._folder = folder
        self._machines: list[QemuMachine] = []

    def request(self, address: str = "192.168.100.7") -> MachineRequest:
        vm_id = VmId(f"vm-{os.urandom(8).hex()}")
        run_dir = self._folder / vm_id
        run_dir.mkdir()
        return MachineRequest(
            vm_id=vm_id,
            golden_id=self._golden_id,
            address=address,
            gateway="192.168.100.1",
            cidr="192.168.100.0/24",
            limits=LIMITS,
            run_dir=run_dir,
        )

    async def start(self, address: str = "192.168.100.7") -> tuple[QemuMachine, HandoverReply]:
        """A clone whose agent has confirmed who it is."""
        request = self.request(address)
        machine = await self._driver.start(request)
        self._machines.append(machine)
        return machine, await machine.control.introduce(handover(request), timeout_s=30)

    async def stop(self) -> None:
        for machine in self._machines:
            await machine.stop()


def handover(request: MachineRequest) -> Handover:
    return Handover(
        contract=CONTRACT,
        vm_id=request.vm_id,
        session_id=None,
        token=FAKE_TOKEN,
        time_ns=time.time_ns(),
        entropy=base64.b64encode(os.urandom(64)).decode(),
        hostname="clone",
        address=f"{request.address}/24",
        gateway=request.gateway,
    )


@pytest.fixture
async def clones(driver: QemuDriver, goldens: Goldens, tmp_path: Path) -> AsyncIterator[Clones]:
    clones = Clones(driver, goldens, tmp_path)
    yield clones
    await clones.stop()


def qemu_pid(machine: QemuMachine) -> int:
    """QEMU's own process on the host: the machine's is the jail's, which waits for it."""
    children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text().split()
    return int(children[0])


@pytest.fixture
def memory_image(driver: QemuDriver, goldens: Goldens) -> Path:
    return driver.snapshots.find(goldens.store.wanted(), LIMITS).memory
