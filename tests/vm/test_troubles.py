"""Troubles of real clones: each with the code that names it, and its evidence."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from explaining import explain

from vestibule.core.errors import MachineFailed
from vestibule.core.machines import DriverName
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.drivers.net.client import BrokerNetwork

from .conftest import FAKE_TOKEN, Clones, handover, qemu_pid

pytestmark = [pytest.mark.vm, pytest.mark.golden, pytest.mark.anyio]


async def _listen(guest: HttpGuest) -> None:
    async for _event in guest.events():
        await asyncio.sleep(0)


async def test_a_killed_qemu_is_named(
    driver: QemuDriver, goldens: Goldens, network: BrokerNetwork, tmp_path: Path
) -> None:
    folder = tmp_path / "machines"
    folder.mkdir()
    request = Clones(driver, goldens, folder).request()
    machine = await driver.start(request)
    try:
        await machine.control.introduce(handover(request), timeout_s=30)
        guest = HttpGuest(machine.connect, FAKE_TOKEN)
        os.kill(qemu_pid(machine), signal.SIGKILL)
        with pytest.raises(MachineFailed) as silent:
            await _listen(guest)
        failure = await explain(
            silent.value, machine, request, driver=DriverName.QEMU, network=network, token=FAKE_TOKEN
        )
    finally:
        await machine.stop()
    assert failure.code == "vmm_crashed"
    assert failure.evidence["exit"] == f"exit code {128 + signal.SIGKILL}"
    assert failure.evidence["first_seen_as"].startswith("agent_unreachable")
