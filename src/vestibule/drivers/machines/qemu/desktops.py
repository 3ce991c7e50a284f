"""Desktop snapshots: a golden's desktop, booted and warm, saved before there is an agent in it.

Made once for all goldens that differ in their agent alone: such a golden's own snapshot goes on from it.
It depends on the layers below the agent's and on nothing that this host did before.  One that never grew
quiet serves the golden that waits for it; for the next golden it is made again.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import structlog

from vestibule.core.errors import GoldenFailed
from vestibule.core.failures.codes import FailureCode
from vestibule.core.goldens import DesktopKey, MachineShape
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.attest import attest_snapshot
from vestibule.drivers.goldens.cache import file_digest
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.programs import find_qemu
from vestibule.drivers.machines.qemu.argv import Boot, cpu_model, machine_shape
from vestibule.drivers.machines.qemu.product import Product
from vestibule.drivers.machines.qemu.template import (
    MEMORY,
    STATE,
    Quiet,
    Say,
    Steps,
    TemplateRequest,
    await_line,
    console_of,
    describe,
    grow_quiet,
    kept_memory,
    running,
    save,
)
from vestibule.services.ports import Network

log = structlog.get_logger()

KIND = "desktops"
DESKTOP_STEPS = 3
"""That ``ensure`` tells."""
WARM_LINE = "vestibule-desktop: warm"
"""What the desktop prints on the console when its windows can be seen."""
WARM_S = 600.0
SAVE_S = 60.0
QUIET = Quiet(idle_share=0.06, window_s=5.0, windows=5, settle_s=180.0)
"""The browser cleans up its memory in bursts up to 15 s apart, for a minute after it has grown idle."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DesktopSnapshot:
    """A finished one."""

    name: str
    memory: Path
    state: Path


class DesktopStore:
    """Desktop snapshots under ``<cache>/desktops``, named by all that they depend on."""

    def __init__(
        self, goldens: DirectoryGoldenStore, network: Network, accelerator: str, quiet: Quiet = QUIET
    ) -> None:
        self._goldens, self._network, self._accelerator = goldens, network, accelerator
        self._quiet = quiet

    def shape(self, limits: Limits) -> MachineShape:
        """Raises HostUnfit when QEMU is not installed."""
        return shape_of(self._accelerator, limits)

    def key(self, golden_id: GoldenId, limits: Limits) -> DesktopKey:
        """The name's ingredients.  Raises HostUnfit when QEMU is not installed, Absent without the golden."""
        manifest = self._goldens.manifest(golden_id)
        disks = {layer: manifest.disks[layer] for layer in manifest.desktop_layers}
        return DesktopKey(shape=self.shape(limits), disks=disks, settled=self._quiet.rule)

    def has(self, golden_id: GoldenId, limits: Limits) -> bool:
        """Whether it is finished, was quiet when it was saved, and is not known to be damaged."""
        return self._is_quiet(self.key(golden_id, limits).name)

    def _is_quiet(self, name: str) -> bool:
        folder = self._goldens.cache.path(KIND, name)
        if not self._goldens.cache.has(KIND, name) or self._goldens.snapshot_damages(folder):
            return False
        return bool(json.loads((folder / "manifest.json").read_text())["quiet"])

    async def ensure(self, golden_id: GoldenId, limits: Limits, say: Say) -> DesktopSnapshot:
        """Find it, or make it now (minutes under emulation); waits while another process makes it.

        Raises GoldenFailed, MachineFailed, HostUnfit, DiskFull; nothing is left behind then.
        """
        product = Product(
            kind=KIND,
            key=lambda: self.key(golden_id, limits),
            is_there=lambda key: self._is_quiet(key.name),
            make=lambda folder, key: self._make(folder, key, golden_id, limits, Steps(say)),
        )
        name = (await product.ensure(self._goldens.cache)).name
        folder = self._goldens.cache.path(KIND, name)
        return DesktopSnapshot(name=name, memory=folder / MEMORY, state=folder / STATE)

    async def _make(
        self, folder: Path, key: DesktopKey, golden_id: GoldenId, limits: Limits, steps: Steps
    ) -> None:
        try:
            quiet, digests = await self._boot_and_save(folder, key, golden_id, limits, steps)
        except GoldenFailed as failed:
            if failed.failure_code != FailureCode.KERNEL_PANICKED:
                raise
            log.warning("The desktop's kernel panicked; it is booted once more", cause=str(failed))
            quiet, digests = await self._boot_and_save(folder, key, golden_id, limits, steps)
        describe(folder, key, digests, steps, quiet=quiet)
        attest_snapshot(folder, KIND, key, self._goldens.signer, sum(steps.seconds.values()))

    async def _boot_and_save(
        self, folder: Path, key: DesktopKey, golden_id: GoldenId, limits: Limits, steps: Steps
    ) -> tuple[bool, dict[str, str]]:
        """Whether it was quiet, and the digests.

        Under emulation a kernel that patches its own code while its other processor runs it may panic, which
        was seen once: no reason to give up a build.
        """
        console = console_of(self._goldens.cache, key.name)
        with kept_memory(limits) as memory:
            async with running(self._network, self._request(golden_id, limits, memory, console)) as template:
                with steps.step("boot the desktop and warm it"):
                    await await_line(template, console, WARM_LINE, WARM_S)
                with steps.step("let the desktop grow quiet"):
                    quiet = await grow_quiet(template, self._quiet)
                with steps.step("save the desktop"):
                    return quiet, await save(template, folder, memory, SAVE_S)

    def _request(self, golden_id: GoldenId, limits: Limits, memory: int, console: Path) -> TemplateRequest:
        files = self._goldens.files(golden_id)
        disks = files.desktop_layers
        return TemplateRequest(
            start=Boot(kernel=files.kernel, initrd=files.initrd, layers=len(disks)),
            disks=disks,
            accelerator=self._accelerator,
            limits=limits,
            memory=memory,
            console=console,
        )


def shape_of(accelerator: str, limits: Limits) -> MachineShape:
    """What machines look like, as QEMU is now ("kvm" or "tcg").  Raises HostUnfit without QEMU."""
    return MachineShape(
        vmm=_program_digest(find_qemu()),
        machine=machine_shape(accelerator, limits),
        cpu=cpu_model(accelerator),
        accelerator=accelerator,
        mem_mib=limits.mem_mib,
        vcpus=limits.vcpus,
    )


def _program_digest(path: Path) -> str:
    """Read once for each version of the file that is seen: every clone asks for its snapshot's name."""
    found = path.stat()
    return _digest_of(path, found.st_ino, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=4)
def _digest_of(path: Path, _inode: int, _changed_ns: int, _size: int) -> str:
    return file_digest(path)
