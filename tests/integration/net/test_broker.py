"""The broker on this host: namespaces, processes, sockets, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TextIO

import pytest

from vestibule.core.errors import HostUnfit, MachineFailed
from vestibule.core.ids import VmId
from vestibule.core.machines import Limits
from vestibule.drivers.net.client import BrokerNetwork
from vestibule.drivers.proc import children, start_ticks

pytestmark = pytest.mark.anyio

LIMITS = Limits(mem_mib=256, vcpus=1, pids=64)
PYTHON = "/usr/bin/python3"
Run = Callable[..., Awaitable[str]]

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
DOUBLE_FORK = f"import os\nfor _ in 'ab':\n  if os.fork(): os._exit(0)\n  os.setsid()\n{SLEEPER}"


def here() -> TextIO:
    return Path(__file__).open()


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


async def until(condition: Callable[[], bool], timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the kernel tells nobody: looked at until a deadline
            await asyncio.sleep(0.01)


async def start(
    network: BrokerNetwork, vm_id: VmId, program: str, log: Path, address: str = "10.1.1.2"
) -> int:
    await network.create(vm_id, [address])
    pid = await network.spawn(vm_id, [PYTHON, "-I", "-c", program], fds={}, log=log, limits=LIMITS)
    await until(lambda: "up" in log.read_text())
    return pid


def alive(pid: int) -> bool:
    return start_ticks(pid) is not None


async def test_a_machine_has_no_capability_and_can_regain_none(run: Run) -> None:
    said = await run("print(open('/proc/self/status').read())")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said


async def test_a_machines_console_cannot_fill_the_hosts_disk(run: Run) -> None:
    grow = "import os; f = os.memfd_create('x'); os.ftruncate(f, 256 << 20); os.lseek(f, 0, 2);"
    said = await run(
        f"{grow}\ntry: os.write(f, b'x')\nexcept OSError as e: print(e.errno, os.fstat(f).st_size)"
    )
    assert said.split()[:2] == [str(errno.EFBIG), str(256 << 20)]


async def test_a_machine_is_not_the_controllers_root(run: Run) -> None:
    said = await run("import os; print(os.getuid(), os.getgid(), os.getgroups())")
    assert not said.startswith("0 ")
    assert "[]" in said or os.geteuid() != 0


async def test_descriptors_arrive_renumbered_and_nothing_else_is_open(run: Run) -> None:
    with contextlib.closing(socket.socket()) as extra, here() as file:
        os.set_inheritable(extra.fileno(), True)
        said = await run(
            "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd')))\n"
            "print(os.readlink('/proc/self/fd/7'))",
            fds={7: file.fileno()},
        )
    assert said.startswith("[0, 1, 2, 3, 7]")  # 3 is the listing itself
    assert __file__ in said


async def test_descriptors_may_swap_numbers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("alpha")
    (tmp_path / "b").write_text("beta")
    with (tmp_path / "a").open() as first, (tmp_path / "b").open() as second:
        fds = {second.fileno(): first.fileno(), first.fileno(): second.fileno()}
        said = await run(
            f"import os; print(os.read({second.fileno()}, 9), os.read({first.fileno()}, 9))", fds=fds
        )
    assert "b'alpha' b'beta'" in said


async def test_the_environment_of_the_controller_stays_with_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIBULE_TEST_SECRET", "not-for-machines")
    assert "VESTIBULE_TEST_SECRET" not in await run("import os; print(dict(os.environ))")


async def test_the_exit_code_is_reported(run: Run) -> None:
    assert (await run("raise SystemExit(7)")).endswith("exit code 7")


async def test_the_signal_that_ended_it_is_reported(run: Run) -> None:
    assert (await run("import os; os.kill(os.getpid(), 6)")).endswith("signal 6")


async def test_a_program_that_is_not_there_is_a_named_failure(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    await network.create(vm_id, [])
    with pytest.raises(MachineFailed, match="No such file") as caught:
        await network.spawn(vm_id, ["/no/such/program"], fds={}, log=tmp_path / "log", limits=LIMITS)
    assert caught.value.failure_code == "machine_not_started"
    assert "exec /no/such/program" in caught.value.cause
    await network.destroy(vm_id)


async def test_the_pid_is_the_hosts(network: BrokerNetwork, vm_id: VmId, tmp_path: Path) -> None:
    pid = await start(network, vm_id, SLEEPER, tmp_path / "log")
    assert PYTHON.encode() in command_line(pid)
    await network.destroy(vm_id)
    assert not alive(pid)


async def test_a_namespace_has_loopback_and_its_address_and_nothing_else(run: Run) -> None:
    said = await run(
        "import socket\n"
        "print(socket.if_nameindex())\n"
        "for a in ('127.0.0.1', '192.168.100.9'): socket.create_server((a, 8080)); print('bound', a)\n"
        "print(open('/proc/net/route').read().count(chr(10)))"
    )
    assert "[(1, 'lo')]" in said
    assert "bound 192.168.100.9" in said


async def test_the_hosts_loopback_cannot_be_reached(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = await run(
            "import socket\n"
            f"try: socket.create_connection(('127.0.0.1', {port}), 2); print('REACHED')\n"
            "except OSError as e: print(type(e).__name__)"
        )
    assert "REACHED" not in said
    assert "ConnectionRefusedError" in said


@pytest.mark.parametrize("address", ["192.168.100.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "1.1.1.1"])
async def test_nothing_routes_out(run: Run, address: str) -> None:
    said = await run(
        "import socket\n"
        f"try: socket.create_connection(('{address}', 80), 2); print('REACHED')\n"
        "except OSError as e: print(e.errno)"
    )
    assert said.startswith("101")  # ENETUNREACH


async def test_connect_reaches_a_port_inside(network: BrokerNetwork, vm_id: VmId, tmp_path: Path) -> None:
    program = (
        "import socket; s = socket.create_server(('10.1.1.2', 8080)); print('up', flush=True)\n"
        "c, _ = s.accept(); c.sendall(c.recv(9).upper())"
    )
    await start(network, vm_id, program, tmp_path / "log")
    stream = await network.connect(vm_id, "10.1.1.2", 8080)
    loop = asyncio.get_running_loop()
    with stream:
        await loop.sock_sendall(stream, b"hello")
        assert await loop.sock_recv(stream, 9) == b"HELLO"
    await network.destroy(vm_id)


async def test_connect_to_a_port_where_nobody_listens_is_refused(network: BrokerNetwork, vm_id: VmId) -> None:
    await network.create(vm_id, [])
    with pytest.raises(ConnectionRefusedError):
        await network.connect(vm_id, "127.0.0.1", 8080)
    await network.destroy(vm_id)


async def test_connect_after_destroy_is_refused(network: BrokerNetwork, vm_id: VmId) -> None:
    with pytest.raises(ConnectionRefusedError):
        await network.connect(vm_id, "127.0.0.1", 8080)


async def test_the_machine_reaches_a_listener_of_the_controller(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    await network.create(vm_id, [])
    listener = await network.listen(vm_id, "127.0.0.1", 3128)
    program = "import socket; print(socket.create_connection(('127.0.0.1', 3128)).recv(9))"
    await network.spawn(vm_id, [PYTHON, "-I", "-c", program], fds={}, log=tmp_path / "log", limits=LIMITS)
    with listener:
        guest, _address = await asyncio.get_running_loop().sock_accept(listener)
        with guest:
            await asyncio.get_running_loop().sock_sendall(guest, b"proxy")
    assert str(await network.wait(vm_id)) == "exit code 0"
    assert "b'proxy'" in (tmp_path / "log").read_text()
    await network.destroy(vm_id)


async def test_a_listener_is_not_on_the_host(network: BrokerNetwork, vm_id: VmId) -> None:
    await network.create(vm_id, [])
    with await network.listen(vm_id, "127.0.0.1", 3128), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 3128), 2)
    await network.destroy(vm_id)


async def test_machines_do_not_reach_each_other(
    network: BrokerNetwork, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    first, second = new_vm_id(), new_vm_id()
    listening = (
        "import socket; s = socket.create_server(('0.0.0.0', 8080)); print('up', flush=True); s.accept()"
    )
    await start(network, first, listening, tmp_path / "first", "192.168.100.2")
    probing = (
        "import socket\nfor a in ('192.168.100.2', '127.0.0.1'):\n"
        " try: socket.create_connection((a, 8080), 2); print('REACHED')\n"
        " except OSError as e: print(e.errno)\n"
        "print('up')"
    )
    await start(network, second, probing, tmp_path / "second", "192.168.100.3")
    assert (tmp_path / "second").read_text().split() == ["101", "111", "up"]
    await network.destroy(first)
    await network.destroy(second)


async def test_destroy_is_quick_when_the_machine_obeys(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    await start(network, vm_id, SLEEPER, tmp_path / "log")
    began = time.monotonic()
    await network.destroy(vm_id)
    assert time.monotonic() - began < 1
    await network.destroy(vm_id)


async def test_destroy_kills_what_ignores_sigterm(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path
) -> None:
    pid = await start(network, vm_id, STUBBORN, tmp_path / "log")
    waiting = asyncio.create_task(network.wait(vm_id))
    await network.destroy(vm_id)
    assert not alive(pid)
    assert (await waiting).signal == signal.SIGKILL


async def test_destroy_leaves_no_orphan(network: BrokerNetwork, vm_id: VmId, tmp_path: Path) -> None:
    await start(network, vm_id, DOUBLE_FORK, tmp_path / "log")
    broker = network._running().pid
    assert len(list(children(broker))) == 1
    await network.destroy(vm_id)
    assert list(children(broker)) == []


async def test_a_second_machine_of_one_name_is_refused(network: BrokerNetwork, vm_id: VmId) -> None:
    await network.create(vm_id, [])
    with pytest.raises(HostUnfit):
        await network.create(vm_id, [])
    await network.destroy(vm_id)


async def test_a_killed_broker_takes_its_machines_with_it_and_is_replaced(
    network: BrokerNetwork, new_vm_id: Callable[[], VmId], tmp_path: Path
) -> None:
    first, second = new_vm_id(), new_vm_id()
    pid = await start(network, first, STUBBORN, tmp_path / "first")
    os.kill(network._running().pid, signal.SIGKILL)
    assert (await asyncio.wait_for(network.wait(first), 5)).signal == signal.SIGKILL
    await until(lambda: not alive(pid))
    await network.destroy(first)
    await start(network, second, SLEEPER, tmp_path / "second")
    await network.destroy(second)


async def test_a_broker_that_hangs_is_named_and_its_late_answer_is_dropped(
    network: BrokerNetwork, new_vm_id: Callable[[], VmId], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = network._running()
    monkeypatch.setattr("vestibule.drivers.net.connection.ANSWER_TIMEOUT_S", 0.05)
    os.kill(connection.pid, signal.SIGSTOP)
    try:
        with pytest.raises(HostUnfit, match="broker_silent"):
            await network.create(new_vm_id(), ["192.168.100.9"])
    finally:
        os.kill(connection.pid, signal.SIGCONT)
    monkeypatch.undo()
    await network.create(new_vm_id(), ["192.168.100.9"])
    assert connection._pending == {}


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from vestibule.core.ids import VmId
from vestibule.core.machines import Limits
from vestibule.drivers.net.cgroups import Cgroups
from vestibule.core.machines import UNOWNED_ID
from vestibule.drivers.net.client import BrokerNetwork, identity_for

async def main(vm_id, log, program):
    identity = identity_for(UNOWNED_ID, UNOWNED_ID)
    network = BrokerNetwork(identity=identity, cgroups=Cgroups.detect(), outlive=None)
    await network.create(vm_id, [])
    limits = Limits(mem_mib=256, vcpus=1, pids=64)
    argv = ["/usr/bin/python3", "-I", "-c", program]
    pid = await network.spawn(vm_id, argv, fds={}, log=Path(log), limits=limits)
    print(network._running().pid, pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_controller_leaves_neither_broker_nor_machine(
    network: BrokerNetwork, vm_id: VmId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.cgroups._JOINED_WITHIN_S", 0)
    controller = subprocess.Popen(  # noqa: ASYNC220 - started once, killed below
        [sys.executable, "-c", CONTROLLER, vm_id, str(tmp_path / "log"), STUBBORN], stdout=subprocess.PIPE
    )
    with controller:
        assert controller.stdout is not None
        broker, machine = (int(word) for word in controller.stdout.readline().split())
        controller.kill()
    await until(lambda: not alive(broker) and not alive(machine))
    network._cgroups.sweep(set())
    assert not [folder for _name, folder in network._cgroups._folders(vm_id) if folder.exists()]


async def test_a_broker_that_is_alive_says_so_and_one_that_has_gone_is_started_again(
    network: BrokerNetwork,
) -> None:
    await network.require_alive()
    first = broker_pid(network)
    os.kill(first, signal.SIGKILL)
    await until(lambda: network._connection is None or network._connection.lost)
    await network.require_alive()
    assert broker_pid(network) != first


async def test_a_broker_that_is_stopped_does_not_answer_until_it_goes_on(
    network: BrokerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.client.PROMPT_S", 0.2)
    os.kill(broker_pid(network), signal.SIGSTOP)
    try:
        assert not await network.answers()
    finally:
        os.kill(broker_pid(network), signal.SIGCONT)
    monkeypatch.undo()
    assert await network.answers()
    os.kill(broker_pid(network), signal.SIGKILL)
    await until(lambda: network._connection is None or network._connection.lost)
    assert not await network.answers(), "and none is started for that"


async def test_a_broker_that_is_stopped_is_not_alive(
    network: BrokerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vestibule.drivers.net.connection.ANSWER_TIMEOUT_S", 0.2)
    os.kill(broker_pid(network), signal.SIGSTOP)
    try:
        with pytest.raises(HostUnfit) as refusal:
            await network.require_alive()
    finally:
        os.kill(broker_pid(network), signal.SIGCONT)
    assert (refusal.value.failure_code, bool(refusal.value.remedy)) == ("broker_silent", True)
    await network.require_alive()


def broker_pid(network: BrokerNetwork) -> int:
    assert network._connection is not None
    return network._connection._process.pid
