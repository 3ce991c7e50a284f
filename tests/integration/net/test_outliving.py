"""Machines that go on without their controller: who takes them over, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from waiting import until

from vestibule.core.errors import Absent, Conflict, HostUnfit
from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID, Limits
from vestibule.drivers.net import messages
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.drivers.net.client import BrokerNetwork, identity_for
from vestibule.drivers.net.confinement import Identity
from vestibule.drivers.net.processes import start_ticks
from vestibule.drivers.net.takeover import Outlive

pytestmark = pytest.mark.anyio

LIMITS = Limits(mem_mib=256, vcpus=1, pids=64)
PYTHON = "/usr/bin/python3"
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
COUNTER = "import time\nfor n in range(10**9): print(n, flush=True); time.sleep(0.002)"
Controllers = Callable[..., BrokerNetwork]


@pytest.fixture
async def controllers(tmp_path: Path) -> AsyncIterator[Controllers]:
    """Makes controllers' networks that share one door; ends the broker behind it at last."""
    made: list[BrokerNetwork] = []
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)

    def make(patience_s: float = 60, whom: Identity | None = identity) -> BrokerNetwork:
        outlive = Outlive(door=tmp_path / "run" / "broker.sock", patience_s=patience_s)
        network = BrokerNetwork(identity=whom, cgroups=Cgroups.detect(), outlive=outlive)
        made.append(network)
        return network

    yield make
    for network in made:
        if network._connection is not None:
            await network.close()
    last = make()
    await last.start()
    await last.close()


def ended(pid: int) -> bool:
    """Gone, or a zombie: in these tests the broker's first controller goes on living as its parent."""
    with contextlib.suppress(OSError):
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    return True


async def start(network: BrokerNetwork, vm_id: VmId, log: Path, program: str = SLEEPER) -> int:
    await network.create(vm_id, ["10.1.1.2"])
    pid = await network.spawn(vm_id, [PYTHON, "-I", "-c", program], fds={}, log=log, limits=LIMITS)
    await until(log.read_text)
    return pid


def pid_of(network: BrokerNetwork) -> int:
    return network._running().pid


# -- taken over ----------------------------------------------------------------------------------------


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
    await start(first, vm_id, tmp_path / "log")
    await first.keep(vm_id, "", {})
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
        await start(first, vm_id, tmp_path / vm_id)
        await first.keep(vm_id, "", {})
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
    pid = await start(first, vm_id, tmp_path / "log")
    await first.keep(vm_id, "", {})
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


# -- ended -----------------------------------------------------------------------------------------------


async def test_a_controller_that_ends_in_order_takes_everything_along(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers()
    pid = await start(network, vm_id, tmp_path / "log")
    await network.keep(vm_id, "", {})
    broker = pid_of(network)
    await network.close()
    assert ended(pid)
    assert ended(broker)
    assert not (tmp_path / "run" / "broker.sock").exists()


async def test_without_another_controller_in_time_everything_ends(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    network = controllers(patience_s=0.2)
    pid = await start(network, vm_id, tmp_path / "log")
    await network.keep(vm_id, "", {})
    await network.pause(vm_id)
    broker = pid_of(network)
    await network.leave()
    assert not ended(pid)
    await until(lambda: ended(pid) and ended(broker))


async def test_what_was_left_is_not_ended_by_who_left_it(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start(first, vm_id, tmp_path / "log")
    await first.keep(vm_id, "", {})
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
    pid = await start(network, vm_id, tmp_path / "log")
    await network.keep(vm_id, "", {})
    await network.pause(vm_id)
    os.kill(pid_of(network), signal.SIGKILL)
    assert (await asyncio.wait_for(network.wait(vm_id), 5)).signal == signal.SIGKILL
    await until(lambda: ended(pid))
    await network.create(new_vm_id(), [])


async def test_frozen_machines_of_a_broker_that_died_after_its_controller_end_at_the_next_start(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    first, second = controllers(), controllers()
    pid = await start(first, vm_id, tmp_path / "log")
    await first.keep(vm_id, "", {})
    await first.pause(vm_id)
    broker = pid_of(first)
    await first.leave()
    os.kill(broker, signal.SIGKILL)
    await until(lambda: ended(broker))
    await second.start()
    await until(lambda: ended(pid))


# -- refused ---------------------------------------------------------------------------------------------


async def test_a_second_controller_is_refused_while_one_is_served(
    controllers: Controllers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.takeover.TAKEN_FOR_S", 0.1)
    await controllers().start()
    with pytest.raises(Conflict) as refused:
        await controllers().start()
    assert refused.value.failure_code == "broker_taken"


async def replaced(first: BrokerNetwork, second: BrokerNetwork, vm_id: VmId, log: Path) -> bool:
    """Whether the second controller ended the first one's broker and machine and has a broker of its own."""
    pid = await start(first, vm_id, log)
    await first.keep(vm_id, "", {})
    broker = pid_of(first)
    await first.leave()
    await second.start()
    return ended(pid) and ended(broker) and pid_of(second) != broker


async def test_a_broker_of_another_version_is_ended_with_its_machines(
    controllers: Controllers, vm_id: VmId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = controllers(), controllers()
    fits = "vestibule.drivers.net.takeover._fits"
    monkeypatch.setattr(fits, lambda ready, _identity: ready.version == messages.VERSION + 1)
    assert await replaced(first, second, vm_id, tmp_path / "log")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's machines run as another user")
async def test_a_broker_of_another_user_is_ended_with_its_machines(
    controllers: Controllers, vm_id: VmId, tmp_path: Path
) -> None:
    other = Identity(uid=UNOWNED_ID + 1, gid=UNOWNED_ID + 1)
    assert await replaced(controllers(), controllers(whom=other), vm_id, tmp_path / "log")


async def test_a_broker_that_is_silent_is_ended_with_its_machines(
    controllers: Controllers, vm_id: VmId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.takeover.GREETING_TIMEOUT_S", 0.2)
    first, second = controllers(), controllers()
    pid = await start(first, vm_id, tmp_path / "log")
    await first.keep(vm_id, "", {})
    broker = pid_of(first)
    os.kill(broker, signal.SIGSTOP)
    await first.leave()
    await second.start()
    assert ended(pid)
    assert ended(broker)


async def test_what_a_dead_broker_left_is_no_obstacle(controllers: Controllers, tmp_path: Path) -> None:
    door = tmp_path / "run" / "broker.sock"
    door.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stale:
        stale.bind(str(door))
    await controllers().start()


async def test_the_door_is_its_owners_alone(controllers: Controllers, tmp_path: Path) -> None:
    await controllers().start()
    found = (tmp_path / "run" / "broker.sock").stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_uid == os.getuid()


async def test_a_door_that_cannot_be_made_is_named(controllers: Controllers, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with pytest.raises((HostUnfit, NotADirectoryError)) as failed:
        await controllers().start()
    assert isinstance(failed.value, HostUnfit)
    assert failed.value.failure_code == "run_dir_unusable"
    (tmp_path / "run").unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's machines run as another user")
async def test_a_machines_user_is_not_let_in_even_by_an_open_door(
    controllers: Controllers, tmp_path: Path
) -> None:
    await controllers().start()
    door = tmp_path / "run" / "broker.sock"
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o711)
    door.chmod(0o666)
    knock = (
        "import os, socket, sys; os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[2])\n"
        "s.settimeout(10); print(s.recv(99))"
    )
    said = await asyncio.to_thread(
        subprocess.check_output, [PYTHON, "-I", "-c", knock, str(UNOWNED_ID), str(door)]
    )
    assert said == b"b''\n"


# -- paused ----------------------------------------------------------------------------------------------


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
    await start(first, vm_id, log, COUNTER)
    await first.keep(vm_id, "", {})
    await first.pause(vm_id)
    await first.leave()
    assert await stands_still(log)
    await second.adopt(vm_id)
    await goes_on(log)


# -- for real --------------------------------------------------------------------------------------------

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
