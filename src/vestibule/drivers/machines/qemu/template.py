"""A machine that runs only to be saved: started, awaited, let grow quiet, frozen with its memory.

::

    start ─▶ a line on its console ─▶ processor use settles ─▶ stop ─▶ migrate ─▶ memory.img, state.bin
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import os
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import structlog

from vestibule.core.errors import GoldenFailed, MachineFailed
from vestibule.core.goldens import DesktopKey, SnapshotKey
from vestibule.core.ids import VmId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.cache import Cache, file_digest, make_read_only
from vestibule.drivers.machines.qemu.argv import MEMORY_FD, Boot, QemuSpec, Resume
from vestibule.drivers.machines.qemu.jail import command_of
from vestibule.drivers.machines.qemu.memory import copy_sparse, new_memory
from vestibule.drivers.machines.qemu.process import Launch, QemuProcess, tail
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.services.ports import Network

log = structlog.get_logger()

MEMORY, STATE = "memory.img", "state.bin"
TEMPLATE_CIDR, TEMPLATE_ADDRESS, TEMPLATE_GATEWAY = "192.168.100.0/24", "192.168.100.2", "192.168.100.1"
"""Never seen by anyone: the hand-over gives each clone its own."""
_PANIC = re.compile(r"Kernel panic - not syncing: ([^\r\n]{1,200})")

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Quiet:
    """When a machine is quiet, and how long that is awaited."""

    idle_share: float
    """Less than this share of one core over ``window_s``, ``windows`` times in a row."""
    window_s: float
    windows: int
    settle_s: float
    """Afterwards it is taken as it is, and its manifest says so."""

    @property
    def rule(self) -> str:
        """For the snapshot's name."""
        return f"{self.windows} x {self.window_s} s below {self.idle_share}"


class Steps:
    """Tells each step as it begins, and remembers how long it took."""

    def __init__(self, say: Say) -> None:
        self.seconds: dict[str, float] = {}
        self._say = say

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, from here to the end of the context."""
        begin = time.monotonic()
        self._say(name)
        yield
        self.seconds[name] = round(time.monotonic() - begin, 3)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TemplateRequest:
    """What a template is started from."""

    start: Boot | Resume
    disks: tuple[Path, ...]
    accelerator: str
    limits: Limits
    memory: int
    """A descriptor of the memory that the machine is to run in."""
    console: Path

    def spec(self, name: str) -> QemuSpec:
        """As QEMU's command line wants it."""
        return QemuSpec(
            name=name,
            start=self.start,
            accelerator=self.accelerator,
            limits=self.limits,
            disks=self.disks,
            address=TEMPLATE_ADDRESS,
            gateway=TEMPLATE_GATEWAY,
            cidr=TEMPLATE_CIDR,
            generation_id=str(uuid.uuid4()),
        )


@contextlib.asynccontextmanager
async def running(network: Network, request: TemplateRequest) -> AsyncIterator[QemuProcess]:
    """A started template, ended with the context.  Raises MachineFailed, HostUnfit."""
    vm_id = VmId(f"vm-template-{uuid.uuid4().hex[:8]}")
    launch = Launch(
        vm_id=vm_id,
        argv=command_of(request.spec(vm_id)),
        fds={MEMORY_FD: request.memory},
        log=request.console,
        limits=request.limits,
    )
    await network.create(vm_id, ())
    template = QemuProcess(network, launch)
    try:
        await template.start()
        yield template
    finally:
        await template.stop()


@contextlib.contextmanager
def kept_memory(limits: Limits) -> Iterator[int]:
    """Fresh memory of a machine's size; its descriptor is closed with the context."""
    memory = new_memory(limits.mem_mib << 20)
    try:
        yield memory
    finally:
        os.close(memory)


def console_of(cache: Cache, name: str) -> Path:
    """A fresh console log for making the product of this name."""
    console = cache.root / "logs" / f"{name}.log"
    console.parent.mkdir(parents=True, exist_ok=True)
    console.unlink(missing_ok=True)
    return console


async def await_line(template: QemuProcess, console: Path, line: str, timeout_s: float) -> str:
    """Await a line that contains ``line`` on the console; returns what follows it there.

    Raises GoldenFailed when it does not come in time or the kernel panics, MachineFailed when QEMU ends.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await _line(template, console, line)
    except TimeoutError as error:
        raise GoldenFailed(
            f"the golden's machine did not say “{line}” within {timeout_s:.0f} s",
            remedy=f"Read its console in {console}: a broken golden says why, a slow host needs longer.",
            code="snapshot_failed",
            console=tail(console),
        ) from error


async def _line(template: QemuProcess, console: Path, line: str) -> str:
    ended = asyncio.ensure_future(template.wait())
    try:
        while line not in (text := tail(console)) or "\n" not in text.partition(line)[2]:
            done, _pending = await asyncio.wait({ended}, timeout=0.1)
            if done:
                raise _end(template, console, str(ended.result()))
    finally:
        ended.cancel()
    return text.partition(line)[2].partition("\n")[0].strip()


def _end(template: QemuProcess, console: Path, how: str) -> GoldenFailed | MachineFailed:
    """Why it has ended by itself: in its kernel's own words when it has any."""
    if panic := _PANIC.search(text := tail(console)):
        return GoldenFailed(
            f"the kernel of the golden's machine stopped by itself: {panic[1].strip()}",
            remedy=f"Build again; if it repeats, read the console in {console}.",
            code="kernel_panicked",
            console=text,
        )
    return template.failure(f"the golden's machine ended before it was saved ({how})")


async def grow_quiet(template: QemuProcess, quiet: Quiet) -> bool:
    """Await idleness, but not for ever: on a busy host a snapshot that costs its clones more beats none."""
    try:
        async with asyncio.timeout(quiet.settle_s):
            await _quiet(template.pid, quiet)
    except TimeoutError:
        log.warning("The snapshot is taken before the machine was quiet", waited_s=quiet.settle_s)
        return False
    return True


async def _quiet(pid: int, quiet: Quiet) -> None:
    """Await ``windows`` quiet windows in a row."""
    meter, in_a_row = ProcUsageMeter(), 0
    while in_a_row < quiet.windows:
        before = meter.cpu_s(pid)
        await asyncio.sleep(quiet.window_s)
        share = (meter.cpu_s(pid) - before) / quiet.window_s
        in_a_row = in_a_row + 1 if share < quiet.idle_share else 0


async def save(template: QemuProcess, folder: Path, memory: int, timeout_s: float) -> dict[str, str]:
    """Freeze the machine and write its device state and memory into ``folder``; returns their digests."""
    await template.execute("stop")
    with (folder / STATE).open("wb") as state:
        await template.transfer("migrate", state.fileno(), timeout_s)
    # The digest is of the frozen memory itself, and half of the work: both at once.
    digest, _ = await asyncio.gather(
        asyncio.to_thread(file_digest, Path(f"/proc/self/fd/{memory}")),
        asyncio.to_thread(_store, folder / MEMORY, memory),
    )
    for name in (MEMORY, STATE):
        make_read_only(folder / name)
    return {MEMORY: digest, STATE: file_digest(folder / STATE)}


def _store(path: Path, memory: int) -> None:
    with path.open("wb") as image:
        copy_sparse(memory, image.fileno())


def describe(
    folder: Path, key: DesktopKey | SnapshotKey, digests: Mapping[str, str], steps: Steps, *, quiet: bool
) -> None:
    """Write the manifest: what the product depends on, what it is, how long it took."""
    manifest = {
        "name": key.name,
        "key": dataclasses.asdict(key),
        "steps": steps.seconds,
        "quiet": quiet,
        "digests": dict(digests),
        "built_at": dt.datetime.now(dt.UTC).isoformat(),
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    make_read_only(path)
