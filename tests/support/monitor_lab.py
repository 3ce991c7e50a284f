"""What watches a lab: the real ledger, gauges of its database, and checks that a test can break."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

from golden_doubles import Clock, Works

from vestibule.core.metrics import Sample
from vestibule.drivers.db.bulk import DbBulk
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.failures import DbFailures
from vestibule.drivers.db.gauges import read_gauges
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.start_times import DbStartTimes
from vestibule.drivers.db.write_probe import probe_write
from vestibule.drivers.evidence_shelf import DiskEvidence
from vestibule.drivers.host_facts import disk_samples, read_host_facts
from vestibule.drivers.host_reading import read_host
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.services.accounts import Accounts
from vestibule.services.failures import Failures
from vestibule.services.golden_gauges import golden_gauges
from vestibule.services.host_history import HostHistory
from vestibule.services.janitor import Janitor, KeepingRule
from vestibule.services.meter import Meter
from vestibule.services.monitor import Monitor
from vestibule.services.promotions import Promotions
from vestibule.services.readings import Part, Readings
from vestibule.services.ready_checks import ReadyCheck, ReadyChecks
from vestibule.services.start_times import StartReports

SCRAPE_TOKEN = "visibly-fake-scrape-token"
RULE = KeepingRule(evidence_bytes=64 << 10, evidence=dt.timedelta(days=30), bulk=dt.timedelta(days=90))


def monitor_in_lab(
    folder: Path,
    *,
    database: Database,
    accounts: Accounts,
    promotions: Promotions,
    works: Works,
    ledger: PrometheusMeter,
    clock: Clock,
    running: Callable[[], int],
) -> Monitor:
    """Nothing is kept between two looks: a test moves the world in an instant."""
    folders = {"state": folder / "state", "run": folder / "run", "cache": folder / "cache"}
    ticks = iter(range(0, 1_000_000, 100))
    janitor = janitor_in_lab(folder, database, clock, ledger)

    async def golden() -> None:
        await asyncio.to_thread(promotions.serving)

    async def goldens() -> Sequence[Sample]:
        return golden_gauges(promotions, works.canaries, clock.now())

    ready = ReadyChecks(
        [
            ReadyCheck(name="database", look=lambda: probe_write(database, clock.now())),
            ReadyCheck(name="golden", look=golden),
        ],
        lambda: next(ticks),
    )
    parts = [
        Part(name="database", read=lambda: read_gauges(database)),
        Part(name="ready", read=ready.samples),
        Part(name="goldens", read=goldens),
        Part(name="disks", read=lambda: asyncio.to_thread(disk_samples, folders)),
        Part(name="evidence", read=janitor.samples),
    ]
    return Monitor(
        ledger=ledger,
        readings=Readings(parts, lambda: next(ticks)),
        ready=ready,
        failures=Failures(rows=DbFailures(database), accounts=accounts, clock=clock),
        starts=StartReports(rows=DbStartTimes(database), accounts=accounts, clock=clock),
        history=HostHistory(host="lab", read=read_host, machines=running, clock=clock),
        host_facts=lambda: read_host_facts(folders),
        scrape_secret=SCRAPE_TOKEN.encode(),
    )


def janitor_in_lab(folder: Path, database: Database, clock: Clock, meter: Meter) -> Janitor:
    """Of the lab's own folders and rows."""
    return Janitor(
        shelf=DiskEvidence(folder / "state/evidence"),
        bulk=DbBulk(database),
        machines=DbMachines(database),
        rule=RULE,
        clock=clock,
        meter=meter,
    )
