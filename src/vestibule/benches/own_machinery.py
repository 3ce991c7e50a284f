"""Another part of the composition root: benches, each on machinery of its own; the command line calls them.

::

    settings ─▶ machinery ─▶ CloneBench (one driver's starts), RebuildBench (what a change costs)
                         └─▶ trial ─▶ measure_resumes (one paused machine)
"""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from vestibule.core.machines import DriverName
from vestibule.core.pictures import Picture
from vestibule.drivers import logs
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.machines.cold import ColdQemuDriver, evict
from vestibule.drivers.rfb import rfb_desktop
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.machinery import Machinery, open_machinery
from vestibule.rebuilds import copied_rebuilds
from vestibule.services.clone_bench import CloneBench, Subject
from vestibule.services.ports import Machine, MachineDriver
from vestibule.services.rebuild_bench import RebuildBench, RebuildResult
from vestibule.services.resume_bench import ResumeTimes, measure_resumes
from vestibule.settings import Settings
from vestibule.trials import trial_of


@asynccontextmanager
async def clone_bench(settings: Settings, driver: DriverName) -> AsyncIterator[CloneBench]:
    """A bench of one driver, on machinery of its own."""
    async with open_machinery(settings) as machinery:
        if driver is DriverName.QEMU:
            wanted = machinery.goldens.store.wanted()
            await machinery.qemu.prepare(wanted, machinery.limits, lambda _: None)
        yield CloneBench(
            subject=_subject(machinery, driver),
            folders=machinery.folders,
            meter=ProcUsageMeter(),
            clock=SystemClock(),
            random=secrets.token_bytes,
            await_picture=_picture,
        )


async def _picture(machine: Machine, token: str) -> Picture:
    """The whole desktop, uncompressed."""
    async with rfb_desktop(await HttpGuest(machine.connect, token).open_vnc()) as desktop:
        return await desktop.picture()


async def resume_bench(
    settings: Settings, driver: DriverName, resumes: int, note: Callable[[str], None]
) -> ResumeTimes:
    """Measure how fast a paused machine goes on."""
    logs.failures_only()
    async with contextlib.AsyncExitStack() as stack:
        evidence = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vestibule-bench-")))
        machinery = await stack.enter_async_context(open_machinery(settings))
        golden_id = machinery.goldens.store.wanted()
        if driver is DriverName.QEMU:
            await machinery.qemu.prepare(golden_id, machinery.limits, note)
        trial = await stack.enter_async_context(trial_of(machinery, golden_id, evidence, 1))
        user = await trial.accounts.add_user("bench")
        return await measure_resumes(trial.machines, user.user_id, driver, resumes, note)


async def rebuild_bench(
    settings: Settings, drivers: Sequence[DriverName], *, base: bool, note: Callable[[str], None]
) -> RebuildResult:
    """Measure what a change costs until a golden of it is promoted."""
    logs.failures_only()
    async with copied_rebuilds(settings) as rebuilds:
        return await RebuildBench(rebuilds=rebuilds, note=note).run(drivers, base=base)


def _subject(machinery: Machinery, driver: DriverName) -> Subject:
    goldens = machinery.goldens
    golden_id = goldens.store.wanted()
    manifest = goldens.store.manifest(golden_id)
    cold: MachineDriver = machinery.container
    if driver is DriverName.QEMU:
        cold = ColdQemuDriver(machinery.qemu)
    else:
        evict(goldens.store.files(golden_id).rootfs)
    return Subject(
        cold=cold,
        clones=machinery.drivers[driver],
        golden_id=golden_id,
        agent_build=manifest.agent_build,
        agent_files=manifest.agent_files,
        network=machinery.addresses,
        limits=machinery.limits,
        confirm_timeout_s=machinery.settings.confirm_timeout_s(driver),
    )
