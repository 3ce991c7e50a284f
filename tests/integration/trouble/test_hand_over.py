"""Hand-overs that go wrong, to real containers of the real golden."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from explaining import explain
from waiting import until

from vestibule.core import diagnosis
from vestibule.core.errors import MachineFailed
from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID, DriverName, Limits
from vestibule.core.sessions import Failure
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerDriver, ContainerMachine
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.machinery import goldens_of
from vestibule.services.ports import MachineRequest
from vestibule.settings import Settings
from vestibule_agent.protocol import CONTRACT, Handover

pytestmark = [pytest.mark.golden, pytest.mark.anyio, pytest.mark.usefixtures("golden")]
LIMITS = Limits(mem_mib=1536, vcpus=2, pids=1024)
TOKEN = "visibly-fake-token-of-a-test"
HOUR_NS = 3600 * 10**9


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Place:
    """One container, and what explains its failures."""

    def __init__(self, machine: ContainerMachine, request: MachineRequest, network: BrokerNetwork) -> None:
        self.machine, self._request, self._network = machine, request, network

    def handover(self, *, late_ns: int = 0) -> Handover:
        return Handover(
            contract=CONTRACT,
            vm_id=self._request.vm_id,
            session_id=None,
            token=TOKEN,
            time_ns=time.time_ns() - late_ns,
            entropy=base64.b64encode(os.urandom(64)).decode(),
            hostname=self._request.vm_id,
            address="192.168.100.7/24",
            gateway="192.168.100.1",
        )

    def console(self) -> str:
        path = self._request.run_dir / LOG_NAME
        return path.read_text(errors="replace") if path.exists() else ""

    async def explained(self, error: MachineFailed, token: str | None = None) -> Failure:
        return await explain(
            error,
            self.machine,
            self._request,
            driver=DriverName.CONTAINER,
            network=self._network,
            token=token,
        )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    goldens = goldens_of(Settings())
    request = MachineRequest(
        vm_id=VmId(f"vm-{os.urandom(8).hex()}"),
        golden_id=goldens.store.wanted(),
        address="192.168.100.7",
        gateway="192.168.100.1",
        cidr="192.168.100.0/24",
        limits=LIMITS,
        run_dir=tmp_path / "machines",
    )
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    async with BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=None) as network:
        folder = tmp_path / "machines" / request.vm_id
        folder.mkdir(parents=True)
        request = MachineRequest(**{**vars(request), "run_dir": folder})
        driver = ContainerDriver(
            network=network, goldens=goldens.cache.root / "goldens", open_control=SocketControl
        )
        machine = await driver.start(request)
        yield Place(machine, request, network)
        await machine.stop()


async def test_a_clock_that_is_not_the_host_s(place: Place) -> None:
    """A container's clock is the host's: the message tells another time than both."""
    await until(lambda: "vestibule-agent" in place.console(), 60)  # its desktop may be later than its reply
    handover = place.handover(late_ns=HOUR_NS)
    reply = await place.machine.control.introduce(handover, 60)
    with pytest.raises(MachineFailed) as refused:
        diagnosis.confirm(reply, vm_id=handover.vm_id, agent_build=reply.build_id)
    failure = await place.explained(refused.value, TOKEN)
    assert failure.code == "clock_wrong"
    assert "s away from the host's" in failure.cause
    assert "s away from the host's" in failure.evidence["clock"]
    assert "vestibule-agent" in failure.evidence["agent_log"]
    picture = Path(failure.evidence["screenshot"])
    assert (await asyncio.to_thread(picture.read_bytes)).startswith(b"\x89PNG")
    assert TOKEN not in str(failure)


async def test_a_control_channel_that_is_dropped(place: Place) -> None:
    asyncio.get_running_loop().call_later(0.05, place.machine._channel.close)
    with pytest.raises(MachineFailed) as broken:
        await place.machine.control.introduce(place.handover(), 8)
    failure = await place.explained(broken.value)
    assert failure.code == "no_identity_ack"
    assert failure.evidence["host_pressure"]
    assert "exit" not in failure.evidence  # the machine itself runs on
