"""A controller takes over the machines of one that is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from outliving import LIMITS, PYTHON, SLEEPER, Controllers, ended, pid_of, start, start_kept
from waiting import until

from vestibule.core.errors import Absent
from vestibule.core.ids import VmId
from vestibule.drivers.proc import start_ticks

pytestmark = pytest.mark.anyio


async def test_a_kept_machine_is_adopted_with_its_note_and_descriptors(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start(first, vm_id, tmp_path / "log")
    ours, theirs = socket.socketpair()
    with ours:
        await first.keep(vm_id, "an old note", {})
        await first.keep(vm_id, "a note", {"control": theirs.fileno()})
        theirs.close()
        broker = pid_of(first)
        await first.leave()
        kept = await second.adopt(vm_id)
        assert (kept.pid, kept.note, list(kept.fds)) == (pid, "a note", ["control"])
        assert pid_of(second) == broker
        with socket.socket(fileno=kept.fds["control"]) as control:
            control.sendall(b"hello")
        assert ours.recv(9) == b"hello"


async def test_an_adopted_machine_is_like_one_started_here(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start(first, vm_id, tmp_path / "log")
    listener = await first.listen(vm_id, "127.0.0.1", 3128)
    await first.keep(vm_id, "", {})
    await first.leave()
    listener.close()
    await second.adopt(vm_id)
    waiting = asyncio.create_task(second.wait(vm_id))
    with await second.listen(vm_id, "127.0.0.1", 3128), await second.connect(vm_id, "127.0.0.1", 3128):
        assert not waiting.done()
    await second.destroy(vm_id)
    assert (await waiting).signal == signal.SIGTERM
    assert ended(pid)
    assert not [folder for _name, folder in second._cgroups._folders(vm_id) if folder.exists()]


async def test_what_was_kept_can_be_adopted_again_and_again(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers()
    await start(network, vm_id, tmp_path / "log")
    await network.keep(vm_id, "a note", {})
    for _controller in range(3):
        await network.leave()
        network = controllers()
        assert (await network.adopt(vm_id)).note == "a note"


async def test_a_machine_whose_groups_lie_elsewhere_takes_them_along(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    """As after a restart in another control group: the machine stays in the one that it was put into."""
    first, second = controllers(), controllers()
    await start_kept(first, vm_id, tmp_path / "log")
    folders = [folder for _name, folder in first._cgroups._folders(vm_id)]
    await first.leave()
    second._cgroups._bases = {name: tmp_path / name for name in second._cgroups._bases}
    await second.adopt(vm_id)
    await second.destroy(vm_id)
    assert not [folder for folder in folders if folder.exists()]


async def test_a_machine_that_nothing_was_kept_of_is_absent(
    controllers: Controllers, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    kept, other = new_vm_id(), new_vm_id()
    await start(first, kept, tmp_path / "kept")
    await start(first, other, tmp_path / "other")
    await first.keep(kept, "", {})
    await first.leave()
    for vm_id, why in ((other, "was not kept"), (new_vm_id(), "does not run")):
        with pytest.raises(Absent, match=why) as absent:
            await second.adopt(vm_id)
        assert absent.value.failure_code == "machine_absent"


async def test_orphans_end_and_what_is_ours_goes_on(
    controllers: Controllers, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    adopted, orphan, own = new_vm_id(), new_vm_id(), new_vm_id()
    for vm_id in (adopted, orphan):
        await start_kept(first, vm_id, tmp_path / vm_id)
    await first.leave()
    kept = await second.adopt(adopted)
    await second.create(own, [])
    assert await second.end_orphans() == [orphan]
    assert not ended(kept.pid)
    assert await second._census() == [adopted, own]
    assert not [folder for _name, folder in second._cgroups._folders(orphan) if folder.exists()]


async def test_an_end_that_nobody_was_there_for_is_told_at_the_adoption(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start_kept(first, vm_id, tmp_path / "log")
    await first.leave()
    os.kill(pid, signal.SIGABRT)
    await until(lambda: ended(pid))
    with pytest.raises(Absent, match="signal 6") as absent:
        await second.adopt(vm_id)
    assert absent.value.evidence["exit"] == "signal 6"
    assert (await second.wait(vm_id)).signal == signal.SIGABRT
    assert await second.end_orphans() == [vm_id]


async def test_what_a_controller_asked_for_before_it_went_is_done_and_told_to_nobody(
    controllers: Controllers, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    kept, ending = new_vm_id(), new_vm_id()
    stubborn = f"import signal; signal.signal(15, signal.SIG_IGN); {SLEEPER}"
    await start(first, kept, tmp_path / "kept")
    pid = await start(first, ending, tmp_path / "ending", stubborn)
    await first.keep(kept, "", {})
    asked = asyncio.create_task(first.destroy(ending))
    await asyncio.sleep(0)
    await first.leave()
    await asked
    await second.adopt(kept)
    await until(lambda: ended(pid))
    assert await second._census() == [kept]


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID, Limits
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.takeover import Outlive

async def main(door, vm_id, log, program):
    outlive = Outlive(door=Path(door), patience_s=60)
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    network = BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=outlive)
    await network.create(vm_id, [])
    limits = Limits(mem_mib=256, vcpus=1, pids=64)
    argv = ["/usr/bin/python3", "-I", "-c", program]
    pid = await network.spawn(vm_id, argv, fds={}, log=Path(log), limits=limits)
    await network.keep(vm_id, "a note", {})
    print(network._running().pid, pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_the_machines_of_a_killed_controller_are_the_next_ones(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    words = [str(tmp_path / "run" / "broker.sock"), vm_id, str(tmp_path / "log"), SLEEPER]
    controller = subprocess.Popen(  # noqa: ASYNC220 - started once, killed below
        [sys.executable, "-c", CONTROLLER, *words], stdout=subprocess.PIPE
    )
    with controller:
        assert controller.stdout is not None
        broker, pid = (int(word) for word in controller.stdout.readline().split())
        controller.kill()
    network = controllers()
    kept = await network.adopt(vm_id)
    assert (kept.pid, kept.note, pid_of(network)) == (pid, "a note", broker)
    await network.close()
    assert start_ticks(pid) is None


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def test_the_broker_holds_no_descriptor_of_machines_that_are_gone(
    controllers: Controllers, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    network = controllers()
    await network.start()
    before = open_files(pid_of(network))
    for _machine in range(50):
        vm_id = new_vm_id()
        await network.create(vm_id, [])
        argv = [PYTHON, "-I", "-c", SLEEPER]
        await network.spawn(vm_id, argv, fds={}, log=tmp_path / "log", limits=LIMITS)
        with (tmp_path / "log").open() as file:
            for note in ("one", "two"):
                await network.keep(vm_id, note, {"a": file.fileno(), "b": file.fileno()})
        await network.destroy(vm_id)
    assert open_files(pid_of(network)) == before


async def test_requests_to_a_stopped_broker_wait_and_nothing_is_lost(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers()
    await start(network, vm_id, tmp_path / "log")
    os.kill(pid_of(network), signal.SIGSTOP)
    asked = [asyncio.create_task(network.keep(vm_id, str(number), {})) for number in range(20)]
    await asyncio.wait(asked, timeout=0.2)
    assert not any(one.done() for one in asked)
    os.kill(pid_of(network), signal.SIGCONT)
    await asyncio.gather(*asked)
    await network.leave()
    assert (await controllers().adopt(vm_id)).note == "19"
