"""A part of the composition root: what is counted and read for metrics and readiness, and who tidies up."""

from __future__ import annotations

import asyncio
import datetime as dt
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from vestibule.assembly import Assembly
from vestibule.core.errors import HostUnfit, VestibuleError
from vestibule.core.metrics import BUILD_INFO, MACHINES_LIMIT, Sample
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.audit import DbAudit
from vestibule.drivers.db.bulk import DbBulk
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.failures import DbFailures
from vestibule.drivers.db.gauges import read_gauges
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.start_times import DbStartTimes
from vestibule.drivers.db.write_probe import lock_held, probe_write
from vestibule.drivers.evidence_shelf import DiskEvidence
from vestibule.drivers.host_facts import disk_samples, read_host_facts, require_free
from vestibule.drivers.host_reading import read_host
from vestibule.drivers.log_files import DiskLogFiles
from vestibule.drivers.metrics.machine_usage import MachineUsage
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.drivers.webhook import read_secret
from vestibule.machinery import Machinery, vault_check_of
from vestibule.services.failures import Failures
from vestibule.services.golden_audit import GoldenAudit
from vestibule.services.golden_gauges import golden_gauges
from vestibule.services.golden_ports import CanaryReports
from vestibule.services.host_history import HostHistory
from vestibule.services.janitor import Janitor, KeepingRule
from vestibule.services.machine_logs import MachineLogs
from vestibule.services.machines import Machines
from vestibule.services.meter import Meter
from vestibule.services.monitor import Ledger, Monitor
from vestibule.services.promotions import Promotions
from vestibule.services.readings import Part, Read, Readings
from vestibule.services.ready_checks import ReadyCheck, ReadyChecks
from vestibule.services.renewals import Renewals
from vestibule.services.room_gauges import room_gauges
from vestibule.services.start_times import StartReports
from vestibule.services.vault_ports import Sealer
from vestibule.settings import Settings

_FILES_S = 10.0
"""Goldens and evidence are read from the disk: for a scrape every few seconds that is often enough."""
_PROBE = b"readyz"
EVIDENCE = "evidence"
"""Folder of the state folder."""


def folders_of(settings: Settings) -> Mapping[str, Path]:
    """The folders whose disks must not be full."""
    return {"state": settings.state_dir, "run": settings.run_dir, "cache": settings.cache_dir}


def monitor_of(
    machinery: Machinery,
    *,
    database: Database,
    sealer: Sealer,
    assembly: Assembly,
    ledger: Ledger,
    janitor: Janitor,
    canaries: CanaryReports,
) -> Monitor:
    """Put together what watches.  Raises SettingsInvalid ``metrics_secret_invalid``."""
    settings, folders = machinery.settings, folders_of(machinery.settings)
    ready = ReadyChecks(ready_checks(machinery, database, sealer), time.monotonic)
    readings = Readings(
        [
            Part(name="controller", read=lambda: _constants(settings)),
            Part(name="room", read=lambda: room_gauges(assembly.machines)),
            Part(name="database", read=lambda: read_gauges(database)),
            Part(name="ready", read=ready.samples),
            Part(name="disks", read=lambda: asyncio.to_thread(disk_samples, folders)),
            Part(name="goldens", read=lambda: _goldens(machinery.promotions, canaries), fresh_s=_FILES_S),
            Part(name="evidence", read=janitor.samples, fresh_s=_FILES_S),
            Part(name="machines", read=_usage(DbMachines(database), ledger), fresh_s=_FILES_S / 2),
        ],
        time.monotonic,
    )
    secret_file = settings.metrics_token_file
    return Monitor(
        ledger=ledger,
        readings=readings,
        ready=ready,
        failures=Failures(rows=DbFailures(database), accounts=assembly.accounts, clock=SystemClock()),
        starts=StartReports(rows=DbStartTimes(database), accounts=assembly.accounts, clock=SystemClock()),
        history=HostHistory(
            host=platform.node(),
            read=read_host,
            machines=lambda: len(assembly.machines.running),
            clock=SystemClock(),
        ),
        host_facts=lambda: read_host_facts(folders),
        scrape_secret=read_secret(secret_file, "metrics", "metrics_secret_invalid") if secret_file else None,
    )


def ready_checks(machinery: Machinery, database: Database, sealer: Sealer) -> Sequence[ReadyCheck]:
    """What a sign-in needs of this controller."""
    settings = machinery.settings
    folders = folders_of(settings)

    async def golden() -> None:
        await asyncio.to_thread(machinery.promotions.serving)

    async def vault() -> None:
        await asyncio.to_thread(require_open, sealer, settings)

    async def disk() -> None:
        await asyncio.to_thread(require_free, folders, settings.min_free_mib)

    async def write() -> None:
        await probe_write(database, SystemClock().now())

    async def lock() -> VestibuleError | None:
        return await asyncio.to_thread(lock_held, settings.state_dir)

    return [
        ReadyCheck(name="database", look=write, why_silent=lock),
        ReadyCheck(name="broker", look=machinery.network.require_alive),
        ReadyCheck(name="golden", look=golden),
        ReadyCheck(name="vault", look=vault),
        ReadyCheck(name="disk", look=disk),
    ]


def require_open(sealer: Sealer, settings: Settings) -> None:
    """Raises HostUnfit ``vault_closed`` when the key at hand, or that in its file, is not the database's."""
    # In use: what is sealed now must open.  On the disk: the next start would be refused without it.
    sealed = sealer.seal(_PROBE, context="readyz")
    opens = sealer.open(sealed, context="readyz") == _PROBE
    check = vault_check_of(settings)
    if not opens or (check.needed and not check.ok):
        why = "what it seals does not open again" if check.ok else check.detail
        raise HostUnfit(
            f"The vault is not open: {why}.",
            remedy=check.fix or "Restart the controller; vestibule doctor checks the master key.",
            code="vault_closed",
        )


def logs_of(settings: Settings, machines: Machines) -> MachineLogs:
    """Of the machines of this controller, and of those that have ended."""
    return MachineLogs(
        files=DiskLogFiles(run_dir=settings.run_dir, evidence_dir=settings.state_dir / EVIDENCE),
        held=lambda: machines.held,
        secrets=machines.secrets_of,
    )


def golden_audit_of(database: Database, promotions: Promotions, renewals: Renewals) -> GoldenAudit:
    """Writes moves of goldens into the audit that no route has, and renewals that broke."""
    return GoldenAudit(rows=DbAudit(database), promotions=promotions, renewals=renewals, clock=SystemClock())


def janitor_of(settings: Settings, database: Database, meter: Meter) -> Janitor:
    """Tidies evidence and old rows, by the settings' measures."""
    return Janitor(
        shelf=DiskEvidence(settings.state_dir / EVIDENCE),
        bulk=DbBulk(database),
        machines=DbMachines(database),
        rule=KeepingRule(
            evidence_bytes=settings.evidence_quota_mib << 20,
            evidence=dt.timedelta(days=settings.evidence_keep_days),
            bulk=dt.timedelta(days=settings.bulk_keep_days),
        ),
        clock=SystemClock(),
        meter=meter,
    )


async def _constants(settings: Settings) -> Sequence[Sample]:
    return [
        Sample(metric=BUILD_INFO, labels=(version("vestibule"),), value=1),
        Sample(metric=MACHINES_LIMIT, value=settings.max_machines),
    ]


async def _goldens(promotions: Promotions, canaries: CanaryReports) -> Sequence[Sample]:
    return await asyncio.to_thread(golden_gauges, promotions, canaries, SystemClock().now())


def _usage(rows: DbMachines, meter: Meter) -> Read:
    usage = MachineUsage(ProcUsageMeter(), meter)

    async def read() -> Sequence[Sample]:
        return await asyncio.to_thread(usage.read, await rows.live())

    return read
