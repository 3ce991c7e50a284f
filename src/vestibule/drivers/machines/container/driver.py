"""Starts containers from goldens, each in its machine's network namespace, unprivileged."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from vestibule.core.console import AGENT_IS_WARM
from vestibule.core.errors import GoldenFailed
from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import DriverName, Exit, Isolation
from vestibule.drivers.machines.container import argv, seccomp
from vestibule.drivers.machines.programs import find_bwrap
from vestibule.drivers.proc import start_ticks
from vestibule.services.ports import ControlChannel, MachineRequest, Network

GUEST_LOOPBACK = "127.0.0.1"
"""The egress proxy listens on the namespace's own loopback: the guest's tools find it there."""
LOG_NAME = "console.log"
_LOOK_S = 0.25
_CONTROL = "control"
"""What is kept of a container for the next controller."""


class ContainerMachine:
    """A started container; its namespace has the machine's address on loopback."""

    def __init__(
        self,
        *,
        vm_id: VmId,
        address: str,
        pid: int,
        control: ControlChannel,
        channel: socket.socket,
        network: Network,
        console: Path,
    ) -> None:
        self._console = console
        self._vm_id = vm_id
        self._address = address
        self._pid = pid
        self._pid_started = start_ticks(pid) or 0
        self._control = control
        self._channel = channel
        self._network = network

    @property
    def pid(self) -> int:
        """See services.ports.Machine: bubblewrap's own pid."""
        return self._pid

    @property
    def pid_started(self) -> int:
        """See services.ports.Machine; 0 when it had already ended."""
        return self._pid_started

    @property
    def control(self) -> ControlChannel:
        """See services.ports.Machine."""
        return self._control

    async def connect(self, port: int) -> socket.socket:
        """See services.ports.Machine; the socket is non-blocking."""
        return await self._network.connect(self._vm_id, self._address, port)

    async def listen(self, port: int) -> socket.socket:
        """See services.ports.Machine; the socket is non-blocking."""
        return await self._network.listen(self._vm_id, GUEST_LOOPBACK, port)

    async def wait(self) -> Exit:
        """See services.ports.Machine."""
        return await self._network.wait(self._vm_id)

    async def warm(self) -> None:
        """See services.ports.Machine: its agent writes it on the console, a file that tells nobody."""
        while not await asyncio.to_thread(_says, self._console, AGENT_IS_WARM.encode()):  # noqa: ASYNC110 (as said)
            await asyncio.sleep(_LOOK_S)

    async def keep(self, note: str) -> None:
        """See services.ports.Machine."""
        await self._network.keep(self._vm_id, note, {_CONTROL: self._channel.fileno()})

    async def pause(self) -> None:
        """See services.ports.Machine."""
        await self._network.pause(self._vm_id)

    async def resume(self) -> None:
        """See services.ports.Machine."""
        await self._network.resume(self._vm_id)

    async def stop(self) -> None:
        """See services.ports.Machine."""
        self._channel.close()
        await self._network.destroy(self._vm_id)


class ContainerDriver:
    """``goldens`` is the folder of all goldens; ``open_control`` speaks the hand-over over a socket.

    ``command`` is what the container runs first; only tests run something else than desktop and agent.
    """

    name = DriverName.CONTAINER
    isolation = Isolation.CONTAINER

    def __init__(
        self,
        *,
        network: Network,
        goldens: Path,
        open_control: Callable[[socket.socket], ControlChannel],
        command: Sequence[str] = argv.FIRST,
    ) -> None:
        self._network = network
        self._goldens = goldens
        self._open_control = open_control
        self._command = tuple(command)
        self._filter = functools.cache(seccomp.build)

    async def start(self, request: MachineRequest) -> ContainerMachine:
        """See services.ports.MachineDriver."""
        bwrap, rootfs, rules = find_bwrap(), self._rootfs(request.golden_id), self._filter()
        await self._network.create(request.vm_id, [request.address])
        ours, theirs = socket.socketpair()
        try:
            with theirs, _memory_files(_identity_files(request, rootfs)) as files:
                pid = await self._spawn(request, theirs, files, rules, bwrap=bwrap, rootfs=rootfs)
        except BaseException:
            ours.close()
            await self._network.destroy(request.vm_id)
            raise
        return self._machine(request, pid, ours)

    async def adopt(self, request: MachineRequest) -> tuple[ContainerMachine, str]:
        """See services.ports.MachineDriver."""
        kept = await self._network.adopt(request.vm_id)
        channel = socket.socket(fileno=kept.fds[_CONTROL])
        return self._machine(request, kept.pid, channel), kept.note

    def _machine(self, request: MachineRequest, pid: int, channel: socket.socket) -> ContainerMachine:
        return ContainerMachine(
            vm_id=request.vm_id,
            address=request.address,
            pid=pid,
            control=self._open_control(channel),
            channel=channel,
            network=self._network,
            console=request.run_dir / LOG_NAME,
        )

    async def _spawn(
        self,
        request: MachineRequest,
        handover: socket.socket,
        files: Mapping[str, int],
        rules: bytes,
        *,
        bwrap: str,
        rootfs: Path,
    ) -> int:
        numbers = {path: argv.FIRST_FILE_FD + index for index, path in enumerate(files)}
        container = argv.Container(
            bwrap=bwrap,
            rootfs=rootfs,
            hostname=request.vm_id,
            mem_mib=request.limits.mem_mib,
            pids=request.limits.pids,
            files=numbers,
        )
        with _memory_files({"seccomp": rules}) as filters:
            fds = {argv.HANDOVER_FD: handover.fileno(), argv.SECCOMP_FD: filters["seccomp"]}
            return await self._network.spawn(
                request.vm_id,
                argv.bwrap_argv(container, self._command),
                fds=fds | {number: files[path] for path, number in numbers.items()},
                log=request.run_dir / LOG_NAME,
                limits=request.limits,
            )

    def _rootfs(self, golden_id: GoldenId) -> Path:
        rootfs = self._goldens / golden_id / "rootfs"
        if not rootfs.is_dir():
            raise GoldenFailed(
                f"the golden {golden_id} has no rootfs at {rootfs}",
                remedy="vestibule golden build",
                code="golden_absent",
            )
        return rootfs


def _says(console: Path, words: bytes) -> bool:
    """Whether a line of the console begins with these words; it is short while a desktop comes up."""
    with contextlib.suppress(OSError):
        return any(line.startswith(words) for line in console.read_bytes().splitlines())
    return False


def _identity_files(request: MachineRequest, rootfs: Path) -> dict[str, bytes]:
    """Files that must differ between clones; only those that the rootfs has can be covered."""
    machine_id = hashlib.sha256(request.vm_id.encode()).hexdigest()[:32]
    hosts = f"127.0.0.1 localhost\n::1 localhost\n{request.address} {request.vm_id}\n"
    wanted = {
        "/etc/machine-id": f"{machine_id}\n",
        "/etc/hostname": f"{request.vm_id}\n",
        "/etc/hosts": hosts,
    }
    return {path: text.encode() for path, text in wanted.items() if (rootfs / path.lstrip("/")).is_file()}


@contextlib.contextmanager
def _memory_files(contents: Mapping[str, bytes]) -> Iterator[dict[str, int]]:
    """Each content in an anonymous file, read from its beginning: one per start, as the offset is shared."""
    with contextlib.ExitStack() as stack:
        yield {name: _memory_file(stack, content) for name, content in contents.items()}


def _memory_file(stack: contextlib.ExitStack, content: bytes) -> int:
    fd = os.memfd_create("vestibule", os.MFD_CLOEXEC)
    stack.callback(os.close, fd)
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
