"""One suite, every kind of machine: the fake that ships, real containers and clones of the wanted golden."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from vestibule.core.addresses import MachineNetwork
from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import UNOWNED_ID, Limits
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines.container.driver import ContainerDriver
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.fake import FakeMachineDriver
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.takeover import Outlive
from vestibule.machinery import goldens_of
from vestibule.services.ports import Machine, MachineDriver, MachineRequest
from vestibule.settings import Settings
from vestibule_agent.protocol import CONTRACT, Handover

NETWORK = MachineNetwork.parse("192.168.100.0/24")
LIMITS = Limits(mem_mib=1536, vcpus=2, pids=1024)
TOKEN = "visibly-fake-token"
KINDS = [
    "fake",
    pytest.param("container", marks=pytest.mark.golden),
    pytest.param("qemu", marks=[pytest.mark.golden, pytest.mark.vm]),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def goldens() -> Goldens:
    """The golden that today's inputs make: built on first use, cached."""
    found = goldens_of(Settings())
    if not found.store.has(found.store.wanted()):
        found.builder.build(lambda *_progress: None)
    return found


class Succession:
    """Controllers one after the other: each leaves its machines to the next, as one that is killed does."""

    def __init__(self, kind: str, goldens: Goldens | None, folder: Path) -> None:
        self._kind = kind
        self._goldens = goldens
        self._outlive = Outlive(door=folder / "broker.sock", patience_s=60)
        self._network: BrokerNetwork | None = None
        self._driver: MachineDriver | None = None

    async def next(self, *left: Machine) -> MachineDriver:
        """The next controller's driver; the handles of what the one before left are closed, as by its end."""
        if self._goldens is None:
            self._driver = self._driver or FakeMachineDriver()
            return self._driver
        if self._network is not None:
            await self._network.leave()
            for machine in left:
                await machine.stop()
        identity = identity_for(UNOWNED_ID, UNOWNED_ID)
        self._network = BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=self._outlive)
        await self._network.start()
        return await self._make(self._network, self._goldens)

    async def _make(self, network: BrokerNetwork, goldens: Goldens) -> MachineDriver:
        if self._kind == "container":
            return ContainerDriver(
                network=network, goldens=goldens.cache.root / "goldens", open_control=SocketControl
            )
        self._let_go()
        self._driver = qemu = QemuDriver(goldens.store, network, "tcg")
        await qemu.prepare(goldens.store.wanted(), LIMITS, lambda _step: None)
        return qemu

    def _let_go(self) -> None:
        if isinstance(self._driver, QemuDriver):
            self._driver.close()

    async def close(self) -> None:
        """The last controller ends in order, and everything with it."""
        self._let_go()
        if self._network is not None:
            await self._network.close()


@pytest.fixture(params=KINDS)
async def succession(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Succession]:
    goldens = None if request.param == "fake" else request.getfixturevalue("goldens")
    controllers = Succession(request.param, goldens, tmp_path)
    yield controllers
    await controllers.close()


@pytest.fixture
async def driver(succession: Succession) -> MachineDriver:
    return await succession.next()


@pytest.fixture
def golden_id(request: pytest.FixtureRequest, driver: MachineDriver) -> GoldenId:
    if isinstance(driver, FakeMachineDriver):
        return GoldenId("g-fake")
    goldens: Goldens = request.getfixturevalue("goldens")
    return goldens.store.wanted()


@pytest.fixture
def new_request(golden_id: GoldenId, tmp_path: Path) -> Callable[[], MachineRequest]:
    def make() -> MachineRequest:
        vm_id = VmId(f"vm-{os.urandom(8).hex()}")
        run_dir = tmp_path / vm_id
        run_dir.mkdir()
        return MachineRequest(
            vm_id=vm_id,
            golden_id=golden_id,
            address="192.168.100.7",
            gateway=NETWORK.gateway,
            cidr=str(NETWORK.cidr),
            limits=LIMITS,
            run_dir=run_dir,
        )

    return make


@pytest.fixture
async def machine(
    driver: MachineDriver, new_request: Callable[[], MachineRequest]
) -> AsyncIterator[tuple[Machine, VmId]]:
    request = new_request()
    started = await driver.start(request)
    try:
        yield started, request.vm_id
    finally:
        await started.stop()


def handover(vm_id: VmId) -> Handover:
    return Handover(
        contract=CONTRACT,
        vm_id=vm_id,
        session_id=None,
        token=TOKEN,
        time_ns=time.time_ns(),
        entropy=base64.b64encode(os.urandom(64)).decode(),
        hostname=vm_id,
        address="192.168.100.7/24",
        gateway=NETWORK.gateway,
    )


@pytest.fixture
async def guest(machine: tuple[Machine, VmId]) -> HttpGuest:
    """The agent of a machine that knows who it is."""
    started, vm_id = machine
    await started.control.introduce(handover(vm_id), 60)
    return HttpGuest(started.connect, TOKEN)
