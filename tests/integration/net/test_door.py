"""The door of a broker: who comes in, and what stands in the way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from outliving import PYTHON, Controllers, ended, pid_of, start_kept

from vestibule.core.errors import Conflict, HostUnfit
from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID
from vestibule.drivers.net import messages
from vestibule.drivers.net.client import BrokerNetwork
from vestibule.drivers.net.confinement import Identity

pytestmark = pytest.mark.anyio


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
    pid = await start_kept(first, vm_id, log)
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
    pid = await start_kept(first, vm_id, tmp_path / "log")
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
