"""Memory snapshots: a golden's desktop goes on from its own snapshot, takes the agent in, and is saved again.

::

    desktop snapshot ─▶ deliver the agent ─▶ agent says it is warm ─▶ processor use settles ─▶ save
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from vestibule.core.console import AGENT_IS_WARM
from vestibule.core.errors import Absent, GoldenFailed
from vestibule.core.goldens import SnapshotKey
from vestibule.core.ids import GoldenId
from vestibule.core.machines import Limits
from vestibule.drivers.goldens.attest import attest_snapshot
from vestibule.drivers.goldens.memories import Fits
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import desktops
from vestibule.drivers.machines.qemu.argv import Resume
from vestibule.drivers.machines.qemu.delivery import deliver
from vestibule.drivers.machines.qemu.desktops import DESKTOP_STEPS, DesktopStore, shape_of
from vestibule.drivers.machines.qemu.memory import copy_sparse
from vestibule.drivers.machines.qemu.process import QemuProcess
from vestibule.drivers.machines.qemu.product import Product, held
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

KIND = "snapshots"
STEPS = 4
"""That ``ensure`` tells when the desktop is there."""
WARM_S = 180.0
TRANSFER_S = 60.0
QUIET = Quiet(idle_share=0.06, window_s=1.0, windows=3, settle_s=90.0)
"""Shorter than the desktop's: the browser has cleaned up before its own snapshot, only the agent is new."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A finished snapshot."""

    key: SnapshotKey
    memory: Path
    state: Path
    made: tuple[int, int]
    """Inode and time (ns) of its manifest: two that were made under one name are told apart."""

    @property
    def name(self) -> str:
        """Content-addressed."""
        return self.key.name


class SnapshotStore:
    """Memory snapshots under ``<cache>/snapshots``, named by all that they depend on."""

    def __init__(
        self, goldens: DirectoryGoldenStore, network: Network, accelerator: str, quiet: Quiet = QUIET
    ) -> None:
        self.desktops = DesktopStore(goldens, network, accelerator)
        self._goldens = goldens
        self._network = network
        self._accelerator = accelerator
        self._quiet = quiet

    def key(self, golden_id: GoldenId, limits: Limits) -> SnapshotKey:
        """The name's ingredients.  Raises HostUnfit when QEMU is not installed, Absent without the golden."""
        desktop = self.desktops.key(golden_id, limits)
        return SnapshotKey(
            golden_id=golden_id,
            shape=desktop.shape,
            disks=self._goldens.manifest(golden_id).disks,
            desktop=desktop.name,
            settled=self._quiet.rule,
        )

    def has(self, golden_id: GoldenId, limits: Limits) -> bool:
        """Whether it is finished, and not known to be damaged."""
        return self._is_sound(self.key(golden_id, limits))

    def _is_sound(self, key: SnapshotKey) -> bool:
        cache = self._goldens.cache
        there = cache.has(KIND, key.name)
        return there and not self._goldens.snapshot_damages(cache.path(KIND, key.name))

    def steps(self, golden_id: GoldenId, limits: Limits) -> int:
        """How many steps ``ensure`` would tell now."""
        if self.has(golden_id, limits):
            return 0
        return STEPS if self.desktops.has(golden_id, limits) else STEPS + DESKTOP_STEPS

    def find(self, golden_id: GoldenId, limits: Limits) -> Snapshot:
        """The finished snapshot.  Raises Absent, GoldenFailed ``golden_corrupt``."""
        key = self.key(golden_id, limits)
        if not self._goldens.cache.has(KIND, key.name):
            raise _absent(key)
        self._goldens.require_sound(golden_id, self._goldens.cache.path(KIND, key.name))
        return self._at(key)

    def _at(self, key: SnapshotKey) -> Snapshot:
        """Raises Absent when it was removed a moment ago."""
        folder = self._goldens.cache.path(KIND, key.name)
        try:
            manifest = (folder / "manifest.json").stat()
        except FileNotFoundError as error:
            raise _absent(key) from error
        made = manifest.st_ino, manifest.st_mtime_ns
        return Snapshot(key=key, memory=folder / MEMORY, state=folder / STATE, made=made)

    async def ensure(self, golden_id: GoldenId, limits: Limits, say: Say) -> Snapshot:
        """Find it, or make it now, its desktop's too; waits while another process makes it.

        Raises GoldenFailed, MachineFailed, HostUnfit, DiskFull; nothing is left behind then.
        """
        product = Product(
            kind=KIND,
            key=lambda: self.key(golden_id, limits),
            is_there=self._is_sound,
            make=lambda folder, key: self._make(folder, key, limits, say),
        )
        return self._at(await product.ensure(self._goldens.cache))

    async def _make(self, folder: Path, key: SnapshotKey, limits: Limits, say: Say) -> None:
        async with held(self._goldens.cache, key.desktop):
            await self._make_from_desktop(folder, key, limits, say)

    async def _make_from_desktop(self, folder: Path, key: SnapshotKey, limits: Limits, say: Say) -> None:
        golden_id, steps = key.golden_id, Steps(say)
        desktop = await self.desktops.ensure(golden_id, limits, say)
        with kept_memory(limits) as memory:
            request = self._request(golden_id, limits, memory, console_of(self._goldens.cache, key.name))
            with steps.step("load the desktop's memory"):
                await asyncio.to_thread(_load, desktop.memory, memory)
            async with running(self._network, request) as template:
                with steps.step("deliver the agent and warm it"):
                    await _go_on(template, desktop.state)
                    await self._take_agent(template, golden_id, request.console)
                with steps.step("let the golden grow quiet"):
                    quiet = await grow_quiet(template, self._quiet)
                with steps.step("save memory"):
                    digests = await save(template, folder, memory, TRANSFER_S)
        describe(folder, key, digests, steps, quiet=quiet)
        attest_snapshot(folder, KIND, key, self._goldens.signer, sum(steps.seconds.values()))

    def _request(self, golden_id: GoldenId, limits: Limits, memory: int, console: Path) -> TemplateRequest:
        return TemplateRequest(
            start=Resume(),
            disks=self._goldens.files(golden_id).desktop_layers,
            accelerator=self._accelerator,
            limits=limits,
            memory=memory,
            console=console,
        )

    async def _take_agent(self, template: QemuProcess, golden_id: GoldenId, console: Path) -> None:
        """Bring the agent in, and let it say that it is the golden's and sees the desktop."""
        await deliver(self._goldens.files(golden_id).agent, template.control, WARM_S)
        said = await await_line(template, console, AGENT_IS_WARM, WARM_S)
        self._require_agent(golden_id, said)

    def _require_agent(self, golden_id: GoldenId, said: str) -> None:
        """The agent that came up is the golden's, and has found all that it looked for."""
        warm: dict[str, Any] = json.loads(said)
        failed = {check["name"]: check["detail"] for check in warm["checks"] if not check["ok"]}
        if warm["build_id"] != self._goldens.manifest(golden_id).agent_build:
            failed["agent"] = f"build {warm['build_id']} came up, not the golden's"
        if failed:
            raise GoldenFailed(
                f"the golden's machine came up, but {next(iter(failed))} is not right:"
                f" {next(iter(failed.values()))}",
                remedy="Build again; if it repeats, read the snapshot's console in the cache's logs.",
                code="snapshot_failed",
                **failed,
            )


def _absent(key: SnapshotKey) -> Absent:
    shape = key.shape
    return Absent(
        f"there is no memory snapshot of golden {key.golden_id} with {shape.mem_mib} MiB and "
        f"{shape.vcpus} processors for {shape.accelerator}",
        remedy="Make it: vestibule golden build --snapshot.",
        code="snapshot_absent",
    )


def fitting(accelerator: str, limits: Limits) -> Fits:
    """Which memory snapshots machines go on from, as QEMU and the settings are now.

    Raises HostUnfit when QEMU is not installed.
    """
    shape = dataclasses.asdict(shape_of(accelerator, limits))
    rules = {KIND: QUIET.rule, desktops.KIND: desktops.QUIET.rule}
    return lambda kind, key: (key.get("shape"), key.get("settled")) == (shape, rules[kind])


def _load(image: Path, memory: int) -> None:
    with image.open("rb") as file:
        copy_sparse(file.fileno(), memory)


async def _go_on(template: QemuProcess, path: Path) -> None:
    """Load a device state and go on where its machine was stopped."""
    state = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        await template.transfer("migrate-incoming", state, TRANSFER_S)
    finally:
        os.close(state)
    await template.execute("cont")
