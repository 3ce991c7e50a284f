"""The QEMU driver: clones of a golden's memory snapshot, and cold boots of the same machine."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import IO

from vestibule.core.errors import MachineFailed
from vestibule.core.goldens import require_memory
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Exit, Isolation, Limits
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.qemu.argv import (
    AGENT_PORT,
    MEMORY_FD,
    Boot,
    QemuSpec,
    Restore,
)
from vestibule.drivers.machines.qemu.jail import command_of
from vestibule.drivers.machines.qemu.memory import TemplateMemory, new_memory
from vestibule.drivers.machines.qemu.process import Launch, QemuProcess
from vestibule.drivers.machines.qemu.snapshot import Snapshot, SnapshotStore
from vestibule.drivers.machines.qemu.template import Say
from vestibule.drivers.proc import start_ticks
from vestibule.services.ports import MachineRequest, Network
from vestibule.services.threads import to_the_end

LOG_NAME = "console.log"
TEMPLATES_KEPT = 2
"""Hundreds of megabytes each: the promoted golden's, and that of the one being tried or left."""
_RESTORE_S = 30.0
_LOOPBACK = "127.0.0.1"


class QemuMachine:
    """A running virtual machine; implements the port ``Machine``."""

    def __init__(self, process: QemuProcess, network: Network, request: MachineRequest) -> None:
        self.process = process
        self._network = network
        self._request = request
        self._pid_started = start_ticks(process.pid) or 0

    @property
    def pid(self) -> int:
        """Host pid of QEMU."""
        return self.process.pid

    @property
    def pid_started(self) -> int:
        """See services.ports.Machine; 0 when it had already ended."""
        return self._pid_started

    @property
    def control(self) -> SocketControl:
        """For the hand-over, once."""
        return self.process.control

    async def connect(self, port: int) -> socket.socket:
        """A stream to the agent's port: the only one that QEMU forwards, so every other is refused."""
        if port != AGENT_PORT:
            why = f"port {port}: only {AGENT_PORT} is forwarded into a virtual machine"
            raise ConnectionRefusedError(errno.ECONNREFUSED, why)
        return await self._network.connect(self._request.vm_id, _LOOPBACK, port)

    async def listen(self, port: int) -> socket.socket:
        """A listening socket that the guest reaches at its gateway: slirp turns that into loopback."""
        return await self._network.listen(self._request.vm_id, _LOOPBACK, port)

    async def wait(self) -> Exit:
        """Return when QEMU has ended."""
        return await self.process.wait()

    async def warm(self) -> None:
        """See services.ports.Machine: a clone goes on from a desktop that is up."""

    async def keep(self, note: str) -> None:
        """See services.ports.Machine."""
        await self.process.keep(note)

    async def pause(self) -> None:
        """See services.ports.Machine."""
        await self.process.execute("stop")

    async def resume(self) -> None:
        """See services.ports.Machine."""
        await self.process.execute("cont")

    async def stop(self) -> None:
        """End QEMU; its console stays in the run folder, which is the caller's."""
        await self.process.stop()


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Template:
    """Memory that clones map, and that its files are not collected meanwhile: a start reads its state."""

    snapshot: Snapshot
    memory: TemplateMemory
    holds: tuple[IO[str], ...]

    def close(self) -> None:
        """Let all of it go."""
        self.memory.close()
        for hold in self.holds:
            hold.close()


class QemuDriver:
    """Implements the port ``MachineDriver``.  Close it when no more machines will start."""

    name = DriverName.QEMU
    isolation = Isolation.VM

    def __init__(self, goldens: DirectoryGoldenStore, network: Network, accelerator: str) -> None:
        self._goldens = goldens
        self._network = network
        self.accelerator = accelerator
        self.snapshots = SnapshotStore(goldens, network, accelerator)
        self._templates: dict[str, _Template] = {}
        self._loading = asyncio.Lock()

    async def prepare(self, golden_id: GoldenId, limits: Limits, say: Say) -> Snapshot:
        """Make the snapshot if it is missing, and load its memory; the first start is then as fast as any."""
        snapshot = await self.snapshots.ensure(golden_id, limits, say)
        await self._template(snapshot)
        return snapshot

    async def preload(self, golden_id: GoldenId, limits: Limits) -> None:
        """Load a finished snapshot's memory, so that the first start need not.  Raises Absent, HostUnfit."""
        await self._template(self.snapshots.find(golden_id, limits))

    async def start(self, request: MachineRequest) -> QemuMachine:
        """Start a clone; returns when it runs.  Raises Absent, GoldenFailed, MachineFailed, HostUnfit."""
        require_memory(self._goldens.manifest(request.golden_id), request.limits.mem_mib)
        snapshot = self.snapshots.find(request.golden_id, request.limits)
        # A descriptor of its own: the template may be let go while this clone is on its way.
        memory = os.dup((await self._template(snapshot)).memory.fd)
        state = os.open(snapshot.state, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if self.snapshots.find(request.golden_id, request.limits) != snapshot:
                raise _exchanged(snapshot)
            machine = await self._launch(request, Restore(), {MEMORY_FD: memory})
            return await _restored(machine, state)
        finally:
            os.close(memory)
            os.close(state)

    async def cold_boot(self, request: MachineRequest) -> QemuMachine:
        """Boot the golden from its kernel: what a clone is compared with."""
        require_memory(self._goldens.manifest(request.golden_id), request.limits.mem_mib)
        files = self._goldens.files(request.golden_id)
        boot = Boot(kernel=files.kernel, initrd=files.initrd, layers=len(files.layers))
        memory = new_memory(request.limits.mem_mib << 20)
        try:
            return await self._launch(request, boot, {MEMORY_FD: memory})
        finally:
            os.close(memory)

    async def adopt(self, request: MachineRequest) -> tuple[QemuMachine, str]:
        """See services.ports.MachineDriver."""
        process = QemuProcess(self._network, _launch(request, (), {}))
        try:
            note = await process.adopt()
            await process.execute("cont")
        except MachineFailed:
            await process.stop()
            raise
        return QemuMachine(process, self._network, request), note

    def close(self) -> None:
        """Let the templates' memory go."""
        for template in self._templates.values():
            template.close()
        self._templates.clear()

    async def _template(self, snapshot: Snapshot) -> _Template:
        async with self._loading:
            loaded = self._templates.get(snapshot.name)
            if loaded is None or loaded.snapshot != snapshot:  # or it was made again under its name
                await to_the_end(lambda: self._load(snapshot))
            template = self._templates.pop(snapshot.name)
            for name in self._outdated(snapshot):
                self._templates.pop(name).close()
            self._templates[snapshot.name] = template  # the last used is the last
            return template

    def _outdated(self, used: Snapshot) -> list[str]:
        """Templates of the same golden are of a QEMU that was exchanged; of the others the last used stay."""
        same = [
            name
            for name, other in self._templates.items()
            if other.snapshot.key.golden_id == used.key.golden_id
        ]
        others = [name for name in self._templates if name not in same]
        return [*same, *others[: len(others) + 1 - TEMPLATES_KEPT]]

    def _load(self, snapshot: Snapshot) -> None:
        """Kept although the caller may have been cancelled: the next one need not load it."""
        cache = self._goldens.cache
        holds = tuple(cache.hold(name) for name in (snapshot.name, snapshot.key.desktop))
        try:
            memory = TemplateMemory(snapshot.memory)
        except BaseException:
            for hold in holds:
                hold.close()
            raise
        before = self._templates.pop(snapshot.name, None)
        if before is not None:
            before.close()
        self._templates[snapshot.name] = _Template(snapshot=snapshot, memory=memory, holds=holds)

    async def _launch(
        self, request: MachineRequest, start: Boot | Restore, fds: dict[int, int]
    ) -> QemuMachine:
        launch = _launch(request, command_of(self._spec(request, start)), fds)
        process = QemuProcess(self._network, launch)
        try:
            await self._network.create(request.vm_id, ())
            await process.start()
        except BaseException:
            await process.stop()
            raise
        return QemuMachine(process, self._network, request)

    def _spec(self, request: MachineRequest, start: Boot | Restore) -> QemuSpec:
        files = self._goldens.files(request.golden_id)
        return QemuSpec(
            name=request.vm_id,
            start=start,
            accelerator=self.accelerator,
            limits=request.limits,
            disks=tuple(files.layers.values()) if isinstance(start, Boot) else files.desktop_layers,
            address=request.address,
            gateway=request.gateway,
            cidr=request.cidr,
            generation_id=str(uuid.uuid4()),
        )


def _launch(request: MachineRequest, argv: Sequence[str], fds: Mapping[int, int]) -> Launch:
    return Launch(
        vm_id=request.vm_id, argv=argv, fds=fds, log=request.run_dir / LOG_NAME, limits=request.limits
    )


def _exchanged(snapshot: Snapshot) -> MachineFailed:
    """Memory of one and device state of another would be poison."""
    return MachineFailed(
        f"snapshot {snapshot.name} was made again while a machine was started from it",
        remedy="Start the machine again.",
        code="snapshot_exchanged",
    )


async def _restored(machine: QemuMachine, state: int) -> QemuMachine:
    """Load the device state and go on where the template stopped; a machine that cannot is ended."""
    try:
        await machine.process.transfer("migrate-incoming", state, _RESTORE_S)
        await machine.process.execute("cont")
    except BaseException:
        await machine.stop()
        raise
    return machine
