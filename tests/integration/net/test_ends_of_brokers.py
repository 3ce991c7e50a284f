"""A broker and its machines end when they should, and not before."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from outliving import Controllers, ended, pid_of, start, start_kept
from waiting import until

from vestibule.core.ids import VmId

pytestmark = pytest.mark.anyio


async def test_a_controller_that_ends_in_order_takes_everything_along(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers()
    pid = await start_kept(network, vm_id, tmp_path / "log")
    broker = pid_of(network)
    await network.close()
    assert ended(pid)
    assert ended(broker)
    assert not (tmp_path / "run" / "broker.sock").exists()


async def test_without_another_controller_in_time_everything_ends(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers(patience_s=0.2)
    pid = await start_kept(network, vm_id, tmp_path / "log")
    await network.pause(vm_id)
    broker = pid_of(network)
    await network.leave()
    assert not ended(pid)
    await until(lambda: ended(pid) and ended(broker))


async def test_what_was_left_is_not_ended_by_who_left_it(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start_kept(first, vm_id, tmp_path / "log")
    await first.leave()
    await first.destroy(vm_id)
    await first.close()
    assert (await second.adopt(vm_id)).pid == pid


async def test_where_nothing_was_kept_nothing_is_waited_for(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers()
    pid = await start(network, vm_id, tmp_path / "log")
    broker = pid_of(network)
    await network.leave()
    await until(lambda: ended(pid) and ended(broker))


async def test_a_killed_broker_takes_kept_and_frozen_machines_along_and_another_takes_its_door(
    controllers: Controllers, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    network, vm_id = controllers(), new_vm_id()
    pid = await start_kept(network, vm_id, tmp_path / "log")
    await network.pause(vm_id)
    os.kill(pid_of(network), signal.SIGKILL)
    assert (await asyncio.wait_for(network.wait(vm_id), 5)).signal == signal.SIGKILL
    await until(lambda: ended(pid))
    await network.create(new_vm_id(), [])


async def test_frozen_machines_of_a_broker_that_died_after_its_controller_end_at_the_next_start(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start_kept(first, vm_id, tmp_path / "log")
    await first.pause(vm_id)
    broker = pid_of(first)
    await first.leave()
    os.kill(broker, signal.SIGKILL)
    await until(lambda: ended(broker))
    await second.start()
    await until(lambda: ended(pid))
