"""Virtual machines that go on without their controller, on the controller's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vestibule.core.machines import UNOWNED_ID
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines.qemu.driver import QemuDriver, QemuMachine
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.takeover import Outlive

from .conftest import FAKE_TOKEN, Clones, handover

pytestmark = [pytest.mark.vm, pytest.mark.golden, pytest.mark.anyio]


@pytest.fixture
async def networks(tmp_path: Path) -> AsyncIterator[tuple[BrokerNetwork, BrokerNetwork]]:
    """Those of a controller and its successor."""
    outlive = Outlive(door=tmp_path / "broker.sock", patience_s=60)
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    first, second = (
        BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=outlive) for _ in range(2)
    )
    yield first, second
    await second.close()


async def status(machine: QemuMachine) -> object:
    answer = await machine.process.execute("query-status")
    assert isinstance(answer, dict)
    return answer["status"]


@pytest.mark.parametrize(
    "half", [b"", b'{"execute": "query-st', b'{"execute": "query-status", "id": "old"}\n']
)
async def test_a_monitor_that_was_left_in_the_middle_of_a_command_is_spoken_to_again(
    networks: tuple[BrokerNetwork, BrokerNetwork], goldens: Goldens, clones: Clones, half: bytes
) -> None:
    first, second = networks
    request = clones.request()
    driver = QemuDriver(goldens.store, first, "tcg")
    machine = await driver.start(request)
    driver.close()
    await machine.control.introduce(handover(request), timeout_s=30)
    await machine.keep("a note")
    await machine.pause()
    assert await status(machine) == "paused"
    assert machine.process._wire is not None
    machine.process._wire.send(half)
    await first.leave()
    await machine.stop()
    adopted, note = await QemuDriver(goldens.store, second, "tcg").adopt(request)
    assert (note, adopted.pid, await status(adopted)) == ("a note", machine.pid, "running")
    assert (await HttpGuest(adopted.connect, FAKE_TOKEN).health()).status == "ok"
    waiting = asyncio.create_task(adopted.wait())
    await adopted.stop()
    await asyncio.wait_for(waiting, 5)
