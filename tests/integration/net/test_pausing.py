"""A paused machine stands still, and can be stopped or taken over all the same."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from outliving import LIMITS, PYTHON, SLEEPER, Controllers, ended, start, start_kept
from waiting import until

from vestibule.core.ids import VmId
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork

pytestmark = pytest.mark.anyio

COUNTER = "import time\nfor n in range(10**9): print(n, flush=True); time.sleep(0.002)"


async def lines(log: Path) -> int:
    return (await asyncio.to_thread(log.read_bytes)).count(b"\n")


async def stands_still(log: Path) -> bool:
    """Whether the counter wrote nothing in a time in which it would write a dozen lines."""
    await asyncio.sleep(0.05)  # what was on its way
    before = await lines(log)
    await asyncio.sleep(0.1)
    return await lines(log) == before


async def goes_on(log: Path) -> None:
    before = log.stat().st_size  # noqa: ASYNC240 - a file of the kernel's cache
    await until(lambda: log.stat().st_size > before)


@pytest.fixture(params=["its group's freezer", "signals"])
def counting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pausing by what the host has best, and by what every host has."""
    if request.param == "signals":
        monkeypatch.setattr("vestibule.drivers.net.cgroups._SWITCHES", {})
    elif not Cgroups.detect().report().freezer:
        pytest.skip("no freezer here")


@pytest.mark.usefixtures("counting")
async def test_a_paused_machine_stands_still_until_it_is_resumed(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network, log = controllers(), tmp_path / "log"
    forking = f"import os\nfor _ in 'ab': os.fork()\n{COUNTER}"
    await start(network, vm_id, log, forking)
    for _again in range(2):
        await network.pause(vm_id)
    assert await stands_still(log)
    for _again in range(2):
        await network.resume(vm_id)
    await goes_on(log)


@pytest.mark.usefixtures("counting")
async def test_a_paused_machine_can_be_stopped(controllers: Controllers, vm_id: VmId, tmp_path: Path) -> None:
    network = controllers()
    pid = await start(network, vm_id, tmp_path / "log")
    await network.pause(vm_id)
    waiting = asyncio.create_task(network.wait(vm_id))
    await network.destroy(vm_id)
    assert ended(pid)
    assert (await waiting).signal == signal.SIGTERM


@pytest.mark.usefixtures("counting")
async def test_a_paused_machine_goes_on_when_it_is_adopted(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second, log = controllers(), controllers(), tmp_path / "log"
    await start_kept(first, vm_id, log, COUNTER)
    await first.pause(vm_id)
    await first.leave()
    assert await stands_still(log)
    await second.adopt(vm_id)
    await goes_on(log)


@pytest.mark.usefixtures("counting")
async def test_a_paused_machine_stays_so_when_another_controller_starts(
    controllers: Controllers,
    network: BrokerNetwork,
    vm_id: VmId,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.cgroups._JOINED_WITHIN_S", 0)
    first, log = controllers(), tmp_path / "log"
    await start(first, vm_id, log, COUNTER)
    await first.pause(vm_id)
    await network.end_orphans()  # those of its own broker
    assert await stands_still(log)
    await first.resume(vm_id)
    await goes_on(log)


async def test_a_machine_that_was_killed_while_frozen_ends_with_the_next_sweep(
    network: BrokerNetwork, vm_id: VmId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.cgroups._JOINED_WITHIN_S", 0)
    groups = Cgroups.detect()
    if not groups.report().freezer:
        pytest.skip("no freezer here")
    groups.create(vm_id, LIMITS)
    with groups.joining(vm_id) as files, groups.switch(vm_id) as switch:
        assert switch is not None
        sleeper = await asyncio.create_subprocess_exec(PYTHON, "-I", "-c", SLEEPER)
        for file in files:
            os.write(file, str(sleeper.pid).encode())
        os.pwrite(switch[0], switch[1].freeze.encode(), 0)
    sleeper.kill()
    await network.end_orphans()
    assert await asyncio.wait_for(sleeper.wait(), 20) == -signal.SIGKILL
    await groups.remove(vm_id)
