"""What a program inside a real clone can reach, and what holds the QEMU around it."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from vestibule.core.egress import Reason, Verdict
from vestibule.core.errors import MachineFailed
from vestibule.core.ids import VmId
from vestibule.drivers.goldens.compose import Goldens
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines.qemu.driver import QemuDriver, QemuMachine
from vestibule.drivers.machines.qemu.process import OVERHEAD_MIB
from vestibule.drivers.net.cgroups import Cgroups, Kind
from vestibule.drivers.net.proxy import EgressProxy
from vestibule.drivers.net.relay import Stream
from vestibule_agent.protocol import CredentialFileSpec, CredentialSpec, Event, LoginSpec, SeedFile
from vestibule_desktop.messages import PROXY_PORT

from .conftest import FAKE_TOKEN, LIMITS, Clones, handover, qemu_pid

pytestmark = [pytest.mark.vm, pytest.mark.golden, pytest.mark.anyio]

NEIGHBOUR = "192.168.100.8"
ADDRESSES = {
    "gateway": "192.168.100.1",
    "neighbour": NEIGHBOUR,
    "private 10": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "metadata": "169.254.169.254",
    "public": "1.1.1.1",
}
REFUSED = ["127.0.0.1:4000", "192.168.100.1", NEIGHBOUR, "10.0.0.1", "169.254.169.254", "[::1]", "evil.test"]
PROBE = """
import json, socket
def knock(host, port):
    try:
        with socket.create_connection((host, port), 5): return 0
    except OSError as error: return error.errno or -1
def fetch(host):
    with socket.create_connection(("127.0.0.1", 3128), 20) as way_out:
        way_out.sendall(f"GET http://{host}/ HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
        return int(way_out.makefile("rb").read().split()[1])
def listening():
    lines = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}")]
    return sorted({int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"})
found = {
    "devices": [name for _, name in socket.if_nameindex()],
    "listening": listening(),
    "loopback": knock("127.0.0.1", HOST_PORT),
    "loopback6": knock("::1", HOST_PORT),
    "link-local6": knock("fe80::1%lo", 80),
    "private6": knock("fd00::1", 80),
    "knocked": {name: knock(host, 80) for name, host in ADDRESSES.items()},
    "agent of neighbour": knock(ADDRESSES["neighbour"], 8080),
    "fetched": {host: fetch(host) for host in FETCHED},
}
import os
os.makedirs("/home/person/.probe", exist_ok=True)
with open("/home/person/.probe/found.new", "w") as file: json.dump({"found": found}, file)
os.rename("/home/person/.probe/found.new", "/home/person/.probe/found.json")
"""


async def resolve(_host: str) -> Sequence[str]:
    return []


async def dial(_address: str, _port: int) -> Stream:
    raise AssertionError("nothing may be dialled")


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwelcome")
    writer.close()


@pytest.fixture(scope="module")
async def pair(
    driver: QemuDriver, goldens: Goldens, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[QemuMachine]]:
    """Two clones at once, with addresses of their own in one network."""
    folder = tmp_path_factory.mktemp("pair")
    clones = Clones(driver, goldens, folder)
    yield [(await clones.start(address))[0] for address in ("192.168.100.7", NEIGHBOUR)]
    await clones.stop()


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    return []


@pytest.fixture(scope="module")
async def found(
    pair: list[QemuMachine], verdicts: list[Verdict], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a tool in the first clone finds when it tries every door, the egress proxy's included."""
    service = tmp_path_factory.mktemp("login") / "login.sock"
    proxy = EgressProxy(
        internal={"login.demo.test": service},
        on_verdict=lambda _vm_id, verdict: verdicts.append(verdict),
        resolve=resolve,
        dial=dial,
    )
    vm_id = VmId("vm-0000000000000001")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {
            "HOST_PORT": server.getsockname()[1],
            "ADDRESSES": ADDRESSES,
            "FETCHED": [*REFUSED, "login.demo.test"],
        }
        settings = "\n".join(f"{name} = {value!r}" for name, value in names.items())
        async with await asyncio.start_unix_server(greet, service):
            await proxy.open(vm_id, await pair[0].listen(PROXY_PORT), ["*.example.com"])
            try:
                return await _run(HttpGuest(pair[0].connect, FAKE_TOKEN), settings + PROBE)
            finally:
                await proxy.close(vm_id)


FOUND = CredentialFileSpec(path="~/.probe/found.json", required=["found"])


async def _run(guest: HttpGuest, program: str) -> dict[str, Any]:
    """Run a program as a tool's login; what it writes as its credential is its answer."""
    await guest.login(
        LoginSpec(
            provider="probe",
            command=["python3", "-I", "/home/person/probe.py"],
            url_pattern="https://never",
            files=[SeedFile(path="~/probe.py", content=program)],
            credential=CredentialSpec(files=[FOUND]),
        )
    )
    await _valid(guest)
    claimed = await guest.claim_credential()
    answer: dict[str, Any] = json.loads(base64.b64decode(claimed.files[0].content))["found"]
    return answer


async def _valid(guest: HttpGuest) -> Event:
    async with asyncio.timeout(90):
        async for event in guest.events(0):
            if event.type == "tool_exited" and event.data["exit_code"]:
                raise AssertionError(event.data["screen"])
            if event.type == "credential_valid":
                return event
    raise AssertionError


async def test_the_only_device_is_loopback(found: dict[str, Any]) -> None:
    assert found["devices"] == ["lo"]


async def test_the_hosts_loopback_is_unreachable(found: dict[str, Any]) -> None:
    assert found["loopback"] == errno.ECONNREFUSED
    assert found["loopback6"] in {errno.ECONNREFUSED, errno.EADDRNOTAVAIL}


@pytest.mark.parametrize("name", ADDRESSES)
async def test_no_address_beyond_is_reachable(found: dict[str, Any], name: str) -> None:
    assert found["knocked"][name] == errno.ENETUNREACH


async def test_no_ipv6_address_beyond_is_reachable(found: dict[str, Any]) -> None:
    assert 0 not in {found["link-local6"], found["private6"]}


async def test_another_machine_is_unreachable_while_it_runs(
    found: dict[str, Any], pair: list[QemuMachine]
) -> None:
    health = await HttpGuest(pair[1].connect, FAKE_TOKEN).health()
    assert health.status == "ok"
    assert found["agent of neighbour"] == errno.ENETUNREACH


async def test_only_the_proxy_listens(found: dict[str, Any]) -> None:
    assert found["listening"] == [PROXY_PORT]


async def test_the_proxy_leads_to_the_controllers_own_service_only(
    found: dict[str, Any], verdicts: list[Verdict]
) -> None:
    assert found["fetched"] == {**dict.fromkeys(REFUSED, 403), "login.demo.test": 200}
    assert verdicts[-1].reason is Reason.INTERNAL


async def test_qemu_has_no_device_to_leave_by(pair: list[QemuMachine]) -> None:
    """Whatever escapes from slirp is in a namespace with nothing but loopback."""
    lines = Path(f"/proc/{qemu_pid(pair[0])}/net/dev").read_text().splitlines()[2:]  # noqa: ASYNC240
    assert [line.partition(":")[0].strip() for line in lines] == ["lo"]


async def test_nothing_listens_on_the_host(pair: list[QemuMachine]) -> None:
    files = [Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6")]
    lines = [line.split() for file in files for line in file.read_text().splitlines()]
    listening = {line[9] for line in lines if line[3] == "0A"}
    assert listening & {inode for pid in _ours(pair) for inode in _sockets(pid)} == set()


def _ours(pair: list[QemuMachine]) -> set[int]:
    broker = {int(Path(f"/proc/{one.pid}/stat").read_text().rpartition(")")[2].split()[1]) for one in pair}
    return {os.getpid(), *broker, *(one.pid for one in pair), *(qemu_pid(one) for one in pair)}


def _sockets(pid: int) -> set[str]:
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()]
    return {link[8:-1] for link in links if link.startswith("socket:")}


async def test_qemu_sees_no_process_but_itself(pair: list[QemuMachine]) -> None:
    seen = Path(f"/proc/{qemu_pid(pair[0])}/root/proc").iterdir()  # noqa: ASYNC240 - files of the kernel's
    assert [path.name for path in seen if path.name.isdigit()] == ["1"]


async def test_qemu_sees_only_its_own_files_and_may_write_none(pair: list[QemuMachine]) -> None:
    process = Path(f"/proc/{qemu_pid(pair[0])}")
    names = {path.name for path in (process / "root").iterdir()}
    assert names <= {"bin", "dev", "etc", "lib", "lib64", "proc", "usr", "var"}
    writable = [line.split() for line in (process / "mounts").read_text().splitlines() if " rw," in line]
    assert [mount[1] for mount in writable if not mount[1].startswith(("/dev", "/proc"))] == []
    assert not os.access(process / "root/root", os.F_OK)


@pytest.mark.skipif(Cgroups.detect().report().kind is Kind.NONE, reason="no control groups: see doctor")
async def test_memory_processes_and_processor_are_limited(pair: list[QemuMachine]) -> None:
    memory = str((LIMITS.mem_mib + OVERHEAD_MIB) << 20)
    limits = _limits(qemu_pid(pair[0]))
    assert limits["memory"] == memory
    assert limits["pids"] == str(LIMITS.pids)
    assert limits["cpu"] == str(LIMITS.vcpus * 100_000)


def _limits(pid: int) -> dict[str, str]:
    """What the control groups of a process allow, by controller."""
    mount = Path("/sys/fs/cgroup")
    groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    if (mount / "cgroup.controllers").exists():
        folder = mount / next(path for _, names, path in groups if not names).lstrip("/")
        files = {"memory": "memory.max", "pids": "pids.max", "cpu": "cpu.max"}
        return {name: (folder / file).read_text().split()[0] for name, file in files.items()}
    paths = {name: path for _, names, path in groups for name in names.split(",")}
    files = {"memory": "memory.limit_in_bytes", "pids": "pids.max", "cpu": "cpu.cfs_quota_us"}
    return {
        name: (mount / name / paths[name].lstrip("/") / file).read_text().strip()
        for name, file in files.items()
    }


async def test_a_killed_qemu_is_noticed_and_named(clones: Clones, driver: QemuDriver) -> None:
    request = clones.request()
    machine = await driver.start(request)
    os.kill(qemu_pid(machine), signal.SIGKILL)
    with pytest.raises(MachineFailed) as failure:
        await machine.control.introduce(handover(request), timeout_s=30)
    assert failure.value.failure_code == "no_identity_ack"
    ended = await asyncio.wait_for(machine.wait(), 10)
    await machine.stop()
    assert (ended.code, ended.signal) == (128 + signal.SIGKILL, None)
