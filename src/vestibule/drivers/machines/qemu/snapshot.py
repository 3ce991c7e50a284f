"""Memory snapshots: boot a golden once, let it grow quiet, keep its memory and device state.

::

    cold boot ─▶ agent says it is warm ─▶ processor use settles ─▶ stop ─▶ migrate ─▶ memory.img, state.bin
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import functools
import json
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import structlog

from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import SnapshotKey
from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import file_digest, make_read_only
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.programs import find_qemu
from vestibule.drivers.machines.qemu.argv import (
    MEMORY_FD,
    Boot,
    QemuSpec,
    cpu_model,
    machine_shape,
)
from vestibule.drivers.machines.qemu.jail import command_of
from vestibule.drivers.machines.qemu.memory import copy_sparse, new_memory
from vestibule.drivers.machines.qemu.process import Launch, QemuProcess, tail
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.services.ports import Network

log = structlog.get_logger()

WARM_LINE = "vestibule-agent: warm"
"""What the agent prints on the console when desktop and browser are up and it awaits its identity."""

TEMPLATE_CIDR, TEMPLATE_ADDRESS, TEMPLATE_GATEWAY = "192.168.100.0/24", "192.168.100.2", "192.168.100.1"
"""Never seen by anyone: the hand-over gives each clone its own."""

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Patience:
    """Deadlines and measures of a snapshot's boot."""

    warm_s: float = 600.0
    settle_s: float = 180.0
    """Afterwards it is taken as it is, and its manifest says so."""
    idle_share: float = 0.06
    """Quiet means: less than this share of one core over ``window_s``, ``windows`` times in a row."""
    window_s: float = 5.0
    windows: int = 5
    """The browser cleans up its memory in bursts up to 15 s apart, for a minute after it has grown idle."""
    save_s: float = 60.0

    @property
    def settled(self) -> str:
        """The rule of quietness, for the snapshot's name."""
        return f"{self.windows} x {self.window_s} s below {self.idle_share}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A finished snapshot."""

    name: str
    memory: Path
    state: Path
    boot_s: float
    """From QEMU's start to the agent's warm line: the cold boot that a clone saves."""


class SnapshotStore:
    """Memory snapshots under ``<cache>/snapshots``, named by all that they depend on."""

    def __init__(
        self,
        goldens: DirectoryGoldenStore,
        network: Network,
        accelerator: str,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._goldens = goldens
        self._network = network
        self._accelerator = accelerator

    def key(self, golden_id: GoldenId, limits: Limits) -> SnapshotKey:
        """The name's ingredients.  Raises HostUnfit when QEMU is not installed, Absent without the golden."""
        return SnapshotKey(
            golden_id=golden_id,
            vmm=_program_digest(find_qemu()),
            machine=machine_shape(self._accelerator, limits),
            cpu=cpu_model(self._accelerator),
            accelerator=self._accelerator,
            mem_mib=limits.mem_mib,
            vcpus=limits.vcpus,
            disks=self._goldens.manifest(golden_id).disks,
            settled=self._patience.settled,
        )

    def find(self, golden_id: GoldenId, limits: Limits) -> Snapshot:
        """The finished snapshot.  Raises Absent."""
        name = self.key(golden_id, limits).name
        folder = self._goldens.cache.path("snapshots", name)
        if not self._goldens.cache.has("snapshots", name):
            raise Absent(
                f"there is no memory snapshot of golden {golden_id} with {limits.mem_mib} MiB and "
                f"{limits.vcpus} processors for {self._accelerator}",
                remedy="Make it: vestibule golden build --snapshot.",
                code="snapshot_absent",
            )
        raw = json.loads((folder / "manifest.json").read_text())
        return Snapshot(
            name=name, memory=folder / "memory.img", state=folder / "state.bin", boot_s=raw["boot_s"]
        )

    async def ensure(self, golden_id: GoldenId, limits: Limits, say: Say) -> Snapshot:
        """Find it, or make it now (minutes under emulation); waits while another process makes it.

        Raises GoldenFailed, MachineFailed, HostUnfit, DiskFull; nothing is left behind then.
        """
        cache, name = self._goldens.cache, self.key(golden_id, limits).name
        lock = cache.lock(name)
        await asyncio.to_thread(lock.__enter__)
        try:
            if not cache.has("snapshots", name):
                with cache.work(name) as folder:
                    await self._make(folder, golden_id, limits, say)
                    cache.publish(folder, "snapshots", name)
        finally:
            lock.__exit__(None, None, None)
        return self.find(golden_id, limits)

    async def _make(self, folder: Path, golden_id: GoldenId, limits: Limits, say: Say) -> None:
        console = self._goldens.cache.root / "logs" / f"{folder.name.rpartition('-')[0]}.log"
        console.parent.mkdir(parents=True, exist_ok=True)
        console.unlink(missing_ok=True)
        memory = new_memory(limits.mem_mib << 20)
        try:
            with (folder / "state.bin").open("wb") as state:
                template = await self._boot(golden_id, limits, memory, console)
                try:
                    boot_s = await _grow_warm(template, console, say, self._patience)
                    quiet = await _grow_quiet(template, say, self._patience)
                    say("save memory")
                    await _save(template, state.fileno(), self._patience)
                finally:
                    await template.stop()
            await asyncio.to_thread(_store, folder, memory)
        finally:
            os.close(memory)
        _describe(folder, self.key(golden_id, limits), boot_s, quiet=quiet)

    async def _boot(self, golden_id: GoldenId, limits: Limits, memory: int, log: Path) -> QemuProcess:
        vm_id = VmId(f"vm-template-{uuid.uuid4().hex[:8]}")
        spec = template_spec(self._goldens, golden_id, limits, self._accelerator, vm_id)
        launch = Launch(
            vm_id=vm_id,
            argv=command_of(spec),
            fds={MEMORY_FD: memory},
            log=log,
            limits=limits,
        )
        await self._network.create(vm_id, ())
        template = QemuProcess(self._network, launch)
        try:
            await template.start()
        except BaseException:
            await template.stop()
            raise
        return template


def template_spec(
    goldens: DirectoryGoldenStore, golden_id: GoldenId, limits: Limits, accelerator: str, name: str
) -> QemuSpec:
    """The machine that a golden is booted in to be snapshotted."""
    files = goldens.files(golden_id)
    return QemuSpec(
        name=name,
        start=Boot(kernel=files.kernel, initrd=files.initrd, layers=len(files.layers)),
        accelerator=accelerator,
        limits=limits,
        disks=files.layers,
        address=TEMPLATE_ADDRESS,
        gateway=TEMPLATE_GATEWAY,
        cidr=TEMPLATE_CIDR,
        generation_id=str(uuid.uuid4()),
    )


def _program_digest(path: Path) -> str:
    """Read once for each version of the file that is seen: every clone asks for its snapshot's name."""
    found = path.stat()
    return _digest_of(path, found.st_ino, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=4)
def _digest_of(path: Path, _inode: int, _changed_ns: int, _size: int) -> str:
    return file_digest(path)


async def _grow_warm(template: QemuProcess, console: Path, say: Say, patience: Patience) -> float:
    """Await the agent's warm line; returns the seconds it took."""
    begin = time.monotonic()
    say("boot the golden and warm its desktop")
    try:
        async with asyncio.timeout(patience.warm_s):
            await _warm(template, console)
    except TimeoutError as error:
        raise _not_warm(console, time.monotonic() - begin) from error
    return time.monotonic() - begin


async def _grow_quiet(template: QemuProcess, say: Say, patience: Patience) -> bool:
    """Await idleness, but not for ever: on a busy host a snapshot that costs its clones more beats none."""
    say("let it grow quiet")
    try:
        async with asyncio.timeout(patience.settle_s):
            await _quiet(template.pid, patience)
    except TimeoutError:
        log.warning("The snapshot is taken before the machine was quiet", waited_s=patience.settle_s)
        return False
    return True


async def _warm(template: QemuProcess, log: Path) -> None:
    """Await the agent's line on the console.  Raises MachineFailed when QEMU ends before."""
    ended = asyncio.ensure_future(template.wait())
    try:
        while WARM_LINE not in tail(log):
            done, _pending = await asyncio.wait({ended}, timeout=0.25)
            if done:
                raise template.failure(f"the golden's machine ended while it booted ({ended.result()})")
    finally:
        ended.cancel()


async def _quiet(pid: int, patience: Patience) -> None:
    """Await ``windows`` quiet windows in a row."""
    meter, quiet = ProcUsageMeter(), 0
    while quiet < patience.windows:
        before = meter.cpu_s(pid)
        await asyncio.sleep(patience.window_s)
        share = (meter.cpu_s(pid) - before) / patience.window_s
        quiet = quiet + 1 if share < patience.idle_share else 0


def _not_warm(log: Path, waited_s: float) -> GoldenFailed:
    return GoldenFailed(
        f"the golden's machine did not become warm within {waited_s:.0f} s",
        remedy=f"Read its console in {log}; a slow host needs longer, a broken golden says why there.",
        code="snapshot_failed",
        console=tail(log),
    )


async def _save(template: QemuProcess, state: int, patience: Patience) -> None:
    """Freeze the machine and write its device state; the memory is already where it belongs."""
    await template.execute("stop")
    await template.transfer("migrate", state, patience.save_s)


def _store(folder: Path, memory: int) -> None:
    with (folder / "memory.img").open("wb") as image:
        copy_sparse(memory, image.fileno())
    for name in ("memory.img", "state.bin"):
        make_read_only(folder / name)


def _describe(folder: Path, key: SnapshotKey, boot_s: float, *, quiet: bool) -> None:
    manifest = {
        "name": key.name,
        "key": dataclasses.asdict(key),
        "boot_s": round(boot_s, 3),
        "quiet": quiet,
        "digests": {name: file_digest(folder / name) for name in ("memory.img", "state.bin")},
        "built_at": dt.datetime.now(dt.UTC).isoformat(),
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    make_read_only(path)
