"""A paused machine stands still, and can be stopped or taken over all the same."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from outliving import Controllers, ended, start, start_kept
from waiting import until

from vestibule.core.ids import VmId
from vestibule.drivers.net.cgroups import Cgroups

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
