"""Another part of the composition root: assemblies that live as long as one trial, and leave nothing.

::

    machinery ─▶ trial assembly (database, keys, folders of its own; one golden) ─▶ a canary
                                                                              └──▶ a provider's trial
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from vestibule.assembly import Assembly, Place, assemble, demo_provider, provider_folders
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.verification import Verification
from vestibule.drivers import providers
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.private_folder import make_private
from vestibule.drivers.rfb import rfb_desktop
from vestibule.drivers.run_folders import DiskRunFolders
from vestibule.laboratory.app import HOST as DEMO_HOST
from vestibule.machinery import Machinery
from vestibule.services.canary import CLONES, Canary
from vestibule.services.meter import SilentMeter
from vestibule.services.provider_trial import ProviderTrial, TellCheck
from vestibule.vaults import file_keys, open_vault

TRIAL_RUNS = "trials"
"""Where in the run folder the machines of trials have theirs; a killed process leaves it behind."""


def clear_trial_runs(run_dir: Path) -> None:
    """Remove the folders of trials whose process was killed; a command may be at one of its own."""
    for folder in (run_dir / TRIAL_RUNS).glob("*-*"):
        if not Path("/proc", folder.name.partition("-")[0]).is_dir():
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def canary_of(machinery: Machinery, golden_id: GoldenId, evidence: Path) -> AsyncIterator[Canary]:
    """A canary of a golden; nothing of it is left but the evidence."""
    async with trial_of(machinery, golden_id, evidence / "machines", CLONES + 1) as assembly:
        yield Canary(
            machines=assembly.machines,
            sign_ins=assembly.sign_ins,
            credentials=assembly.credentials,
            user=await assembly.accounts.add_user("canary"),
            open_desktop=rfb_desktop,
            gateway=machinery.addresses.gateway,
            allowed_site=f"{DEMO_HOST}:80",
            clock=SystemClock(),
        )


async def verify_providers(
    machinery: Machinery, golden_id: GoldenId, names: Sequence[str], driver: DriverName, tell: TellCheck
) -> Sequence[Verification]:
    """Try these provider files with the tools of a golden, one after another."""
    files = providers.files(provider_folders(machinery.settings))
    async with trial_of(machinery, golden_id, machinery.settings.state_dir / "evidence", 2) as assembly:
        trial = ProviderTrial(
            machines=assembly.machines,
            sign_ins=assembly.sign_ins,
            user=await assembly.accounts.add_user("trial"),
            clock=SystemClock(),
        )
        return [
            await trial.run(assembly.providers[name], providers.digest(files[name]), driver, tell)
            for name in names
        ]


@contextlib.asynccontextmanager
async def trial_of(
    machinery: Machinery, golden_id: GoldenId, evidence_dir: Path, most_machines: int
) -> AsyncIterator[Assembly]:
    """An assembly whose machines start from ``golden_id`` and nothing else."""
    settings = machinery.settings
    async with contextlib.AsyncExitStack() as stack:
        run_dir = settings.run_dir / TRIAL_RUNS / f"{os.getpid()}-{secrets.token_hex(4)}"
        stack.callback(shutil.rmtree, run_dir, ignore_errors=True)
        state = run_dir / "state"  # with all else of it: a killed process's secrets go at the next start
        (settings.run_dir / TRIAL_RUNS).mkdir(mode=0o711, parents=True, exist_ok=True)
        run_dir.mkdir(mode=0o711)
        make_private(state)
        folders = DiskRunFolders(run_dir=run_dir, evidence_dir=evidence_dir, owner=machinery.machine_owner)
        place = Place(
            state_dir=state, demo_socket=state / "demo.sock", folders=folders, most_machines=most_machines
        )
        database = await open_database(state / "trial.db")
        stack.push_async_callback(database.close)
        await stack.enter_async_context(demo_provider(place.demo_socket))
        vault = await open_vault(file_keys(state), database)
        assembly = assemble(machinery, database, vault, place, _always(golden_id), meter=SilentMeter())
        stack.push_async_callback(assembly.audit.close)
        stack.push_async_callback(assembly.timeline.close)
        stack.push_async_callback(assembly.machines.destroy_all)
        stack.push_async_callback(assembly.sign_ins.stop)
        yield assembly


def _always(golden_id: GoldenId) -> Callable[[DriverName], Awaitable[GoldenId]]:
    async def candidate(_driver: DriverName) -> GoldenId:
        return golden_id

    return candidate
