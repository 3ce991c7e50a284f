"""What a program inside a real container can see, reach and use."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from vestibule.core.machines import Limits
from vestibule.drivers.machines.container.driver import LOG_NAME, ContainerMachine
from vestibule.drivers.net.cgroups import Cgroups, Kind
from vestibule.services.ports import MachineRequest

pytestmark = pytest.mark.anyio

Inside = Callable[..., Awaitable[str]]
Start = Callable[..., Awaitable[ContainerMachine]]

needs_cgroups = pytest.mark.skipif(
    Cgroups.detect().report().kind is Kind.NONE, reason="no control groups for this user: see doctor"
)


async def test_it_has_no_capability_and_cannot_gain_one(inside: Inside) -> None:
    said = await inside("print(open('/proc/self/status').read())")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert f"{name}:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said
    assert "Seccomp:\t2" in said


async def test_it_is_the_person(inside: Inside) -> None:
    said = await inside("import os; print(os.getuid(), os.getgid(), os.environ['HOME'], os.getcwd())")
    assert said.startswith("1000 1000 /home/person /home/person")


async def test_no_process_of_the_host_is_visible(inside: Inside) -> None:
    said = await inside("import os; print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))")
    assert said.startswith("[1, 2]")


async def test_no_file_beyond_the_rootfs_is_visible(inside: Inside) -> None:
    said = await inside("import os; print(sorted(os.listdir('/')), os.listdir('/home'), os.listdir('/root'))")
    names = ["bin", "dev", "etc", "home", "lib", "lib64", "proc", "root", "run", "sbin", "tmp", "usr", "var"]
    assert said.startswith(f"{names} ['person'] []")


async def test_the_devices_are_the_harmless_ones(inside: Inside) -> None:
    said = await inside(
        "import os, stat\n"
        "for d, _, names in os.walk('/dev'):\n"
        "  for n in names:\n"
        "    m = os.lstat(f'{d}/{n}').st_mode\n"
        "    if stat.S_ISCHR(m) or stat.S_ISBLK(m): print(f'{d}/{n}')"
    )
    harmless = {"null", "zero", "full", "random", "urandom", "tty"}
    assert {line for line in said.split() if line.startswith("/dev/")} <= {
        *(f"/dev/{name}" for name in harmless),
        "/dev/pts/ptmx",
    }


async def test_kvm_is_out_of_reach_though_the_broker_may_keep_its_group(inside: Inside) -> None:
    said = await inside(
        "import os, stat\n"
        "print(os.path.exists('/dev/kvm'))\n"
        "try: os.mknod('/tmp/kvm', stat.S_IFCHR | 0o666, os.makedev(10, 232)); print('MADE')\n"
        "except OSError as e: print('errno', e.errno)"
    )
    assert said.startswith(f"False\nerrno {errno.EPERM}\n")


@pytest.mark.parametrize("path", ["/etc/new", "/usr/new", "/new", "/etc/hosts", "/var/new"])
async def test_the_rootfs_cannot_be_written(inside: Inside, path: str) -> None:
    said = await inside(f"try: open('{path}', 'w'); print('WRITTEN')\nexcept OSError as e: print(e.errno)")
    assert int(said.split()[0].removesuffix("exit")) in {errno.EROFS, errno.EACCES, errno.EPERM}


async def test_scratch_can_be_written_and_is_bounded(inside: Inside) -> None:
    said = await inside(
        "import os\n"
        "for p in ('/tmp', '/home/person', '/run/user/1000', '/run/vestibule', '/var/tmp', '/dev/shm'):\n"
        "  open(p + '/x', 'w').write('y')\n"
        "try:\n"
        "  with open('/run/vestibule/big', 'wb') as f:\n"
        "    for _ in range(64): f.write(bytes(1 << 20))\n"
        "  print('UNBOUNDED')\n"
        "except OSError as e: print('errno', e.errno)"
    )
    assert f"errno {errno.ENOSPC}" in said


async def test_identity_differs_from_the_goldens(inside: Inside) -> None:
    said = await inside(
        "import socket; print(socket.gethostname())\n"
        "print(open('/etc/hostname').read(), open('/etc/hosts').read())\n"
        "print(len(open('/etc/machine-id').read().strip()))"
    )
    assert said.count("vm-") == 3
    assert "golden" not in said
    assert "\n32\n" in said


async def test_nothing_of_the_controller_is_inherited(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIBULE_TEST_SECRET", "not-for-machines")
    said = await inside(
        "import os; print(sorted(os.environ))\nprint(sorted(int(n) for n in os.listdir('/proc/self/fd')))"
    )
    assert "VESTIBULE_TEST_SECRET" not in said
    assert "\n[0, 1, 2, 3, 4]\n" in said  # 3 is the hand-over, 4 the listing itself


@pytest.mark.parametrize(
    "call",
    [
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/tmp', 2)",
        "libc.ptrace(16, 1, 0, 0)",
        "libc.syscall(425, 1, 0)",  # io_uring_setup
        "libc.syscall(321, 0, 0, 0)",  # bpf
        "libc.syscall(323, 0)",  # userfaultfd
        "libc.syscall(250, 0, 0, 0, 0, 0)",  # keyctl
        "libc.socket(17, 3, 0)",  # AF_PACKET
        "libc.socket(38, 5, 0)",  # AF_ALG
        "libc.socket(40, 1, 0)",  # AF_VSOCK
        "libc.socket(16, 3, 12)",  # NETLINK_NETFILTER
        "libc.ioctl(0, 0x5412, b'x')",  # TIOCSTI
    ],
)
async def test_dangerous_calls_are_refused_even_to_root_of_a_nested_namespace(
    inside: Inside, call: str
) -> None:
    said = await inside(
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.unshare(0x10000000 | 0x40000000 | 0x00020000) == 0, 'nested namespaces are needed'\n"
        f"print({call}, ctypes.get_errno())"
    )
    assert said.startswith(f"-1 {errno.EPERM}\n"), said


async def test_addresses_can_still_be_listed(inside: Inside) -> None:
    assert "[(1, 'lo')]" in await inside("import socket; print(socket.if_nameindex())")


@needs_cgroups
async def test_memory_is_limited(inside: Inside) -> None:
    said = await inside(
        "block = bytearray()\nwhile True:\n  block += bytes(16 << 20)\n  print(len(block) >> 20, flush=True)",
        limits=Limits(mem_mib=128, vcpus=1, pids=48),
    )
    *sizes, ending = said.splitlines()
    assert sizes
    assert all(int(size) < 128 for size in sizes)
    assert ending == "exit code 137"  # bubblewrap reports a child that was killed


async def test_processes_are_limited(inside: Inside) -> None:
    said = await inside(
        "import os, time\n"
        "children = []\n"
        "try:\n"
        "  while len(children) < 500:\n"
        "    pid = os.fork()\n"
        "    if pid == 0: time.sleep(60); os._exit(0)\n"
        "    children.append(pid)\n"
        "except OSError as e: print('errno', e.errno, 'after', len(children))"
    )
    assert f"errno {errno.EAGAIN}" in said
    assert int(said.split("after")[1].split()[0]) < 48


@needs_cgroups
async def test_processor_time_is_limited(inside: Inside) -> None:
    said = await inside(
        "import os, time\n"
        "for _ in range(3):\n  if os.fork() == 0: break\n"
        "end = time.monotonic() + 2\n"
        "while time.monotonic() < end: pass\n"
        "print('used', time.process_time(), flush=True)\n"
        "try:\n  while True: os.wait()\nexcept ChildProcessError: pass"
    )
    used = [float(line.split()[1]) for line in said.splitlines() if line.startswith("used")]
    assert len(used) >= 2
    assert sum(used) < 2.6  # one processor's worth of two seconds, not two


async def test_the_hosts_loopback_is_unreachable(inside: Inside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = await inside(_probe("127.0.0.1", port))
    assert said.startswith(str(errno.ECONNREFUSED))


@pytest.mark.parametrize(
    "address",
    ["192.168.100.1", "10.0.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "1.1.1.1", "224.0.0.1"],
)
async def test_no_address_beyond_is_reachable(inside: Inside, address: str) -> None:
    assert (await inside(_probe(address, 80))).startswith(str(errno.ENETUNREACH))


async def test_no_ipv6_address_beyond_is_reachable(inside: Inside) -> None:
    said = await inside(
        _probe("fe80::1", 80) + "\n" + _probe("fd00::1", 80) + "\n" + _probe("2001:db8::1", 80)
    )
    assert "REACHED" not in said


async def test_other_machines_are_unreachable(
    start: Start, new_request: Callable[..., MachineRequest]
) -> None:
    first, second = new_request("192.168.100.7"), new_request("192.168.100.8")
    serving = "import socket\ns = socket.create_server(('', 8080))\nwhile True: s.accept()[0].close()"
    server = await start(first, "/usr/bin/python3", "-I", "-c", serving)
    await _until_served(server)
    prober = await start(second, "/usr/bin/python3", "-I", "-c", _probe("192.168.100.7", 8080))
    await prober.wait()
    assert (second.run_dir / LOG_NAME).read_text().startswith(str(errno.ENETUNREACH))
    await prober.stop()
    await server.stop()


async def test_only_the_proxy_answers(start: Start, new_request: Callable[..., MachineRequest]) -> None:
    request = new_request()
    program = (
        "import os, socket; os.read(3, 1)\n"
        "listening = [line.split()[1] for name in ('tcp', 'tcp6', 'udp', 'udp6')\n"
        "  for line in open(f'/proc/net/{name}') if line.split()[3] in ('0A', '07')]\n"
        "socket.create_connection(('127.0.0.1', 3128), 2)\n"
        "print('only', listening)"
    )
    machine = await start(request, "/usr/bin/python3", "-I", "-c", program)
    with await machine.listen(3128):
        machine._channel.send(b"!")
        await asyncio.wait_for(machine.wait(), 60)
    assert (request.run_dir / LOG_NAME).read_text() == "only ['0100007F:0C38']\n"
    await machine.stop()


async def test_stop_leaves_nothing(start: Start, new_request: Callable[..., MachineRequest]) -> None:
    request = new_request()
    program = "import os, time\nfor _ in range(5): os.fork()\ntime.sleep(600)"
    machine = await start(request, "/usr/bin/python3", "-I", "-c", program, request.vm_id)
    await _until(lambda: len(_processes_of(request.vm_id)) > 10)
    await machine.stop()
    await machine.stop()
    assert _processes_of(request.vm_id) == []
    assert _groups_of(request.vm_id) == []


def _probe(address: str, port: int) -> str:
    family = "AF_INET6" if ":" in address else "AF_INET"
    return (
        f"import socket; s = socket.socket(socket.{family}); s.settimeout(2)\n"
        f"try: s.connect(('{address}', {port})); print('REACHED')\n"
        "except OSError as e: print(e.errno)"
    )


def _groups_of(vm_id: str) -> list[Path]:
    return list(Path("/sys/fs/cgroup").rglob(f"*{vm_id}"))


def _processes_of(vm_id: str) -> list[int]:
    """By control group where there is one, and by command line."""
    return [pid for pid in _pids() if vm_id in _text(pid, "cgroup") or vm_id in _text(pid, "cmdline")]


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _text(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - the kernel tells nobody: looked at until a deadline
            await asyncio.sleep(0.02)


async def _until_served(machine: ContainerMachine) -> None:
    async with asyncio.timeout(15):
        while True:
            try:
                (await machine.connect(8080)).close()
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                return
