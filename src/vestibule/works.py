"""Another part of the composition root: what makes, tries and promotes goldens on this host.

::

    machinery ─▶ HostWorks (build process, snapshots, canaries) ─▶ Renewals ◀─ Promotions ◀─ register
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

import structlog

from vestibule.core.canary import CanaryReport
from vestibule.core.errors import GoldenFailed, VestibuleError
from vestibule.core.goldens import Manifest, content_name
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.renewal import Forecast, Phase
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.goldens.build_process import BuildProcess
from vestibule.drivers.goldens.cache import file_digest, remove_tree
from vestibule.drivers.goldens.canaries import CanaryReports
from vestibule.drivers.goldens.collect import Collected, Collector
from vestibule.drivers.goldens.memories import Fits
from vestibule.drivers.goldens.scrub import ScrubProcess
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.goldens.wanted import read_recipe
from vestibule.foresight import SnapshotSteps, canary_s, desktop_estimates, forecast, snapshot_estimates
from vestibule.machinery import Machinery
from vestibule.services.canary import Candidate
from vestibule.services.golden_ports import Tell
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import Renewals
from vestibule.services.scrubbing import Scrubbing
from vestibule.services.serving import Serving
from vestibule.services.threads import to_the_end
from vestibule.settings import Settings
from vestibule.trials import canary_of

log = structlog.get_logger()

BuildDisk = Callable[[Tell], Awaitable[GoldenId]]


class HostWorks:
    """Implements the port ``GoldenWorks`` with this host's machinery."""

    def __init__(
        self, machinery: Machinery, canaries: CanaryReports, drivers: Sequence[DriverName], build: BuildDisk
    ) -> None:
        """``build``: makes the disk of the golden that is wanted."""
        self._machinery = machinery
        self._canaries = canaries
        self._build = build
        self.drivers = tuple(dict.fromkeys(drivers))
        self.on_canary: Callable[[CanaryReport], None] = _nobody
        """Called with the report of every canary that was run here."""

    @property
    def _store(self) -> DirectoryGoldenStore:
        return self._machinery.goldens.store

    async def read_inputs(self) -> GoldenId:
        """See services.renewals.GoldenWorks."""
        self._store.want(await read_recipe())
        return self._store.wanted()

    async def build(self, tell: Tell) -> GoldenId:
        """See services.renewals.GoldenWorks."""
        return await self._build(tell)

    def is_prepared(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """See services.renewals.GoldenWorks."""
        return self._machinery.readiness.is_prepared(golden_id, driver)

    async def prepare(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> None:
        """See services.renewals.GoldenWorks."""
        if driver is not DriverName.QEMU:
            return
        steps = await asyncio.to_thread(self._steps, golden_id, tell)
        try:
            await self._machinery.qemu.prepare(golden_id, self._machinery.limits, steps.begin)
        finally:
            steps.end()

    def _steps(self, golden_id: GoldenId, tell: Tell) -> SnapshotSteps:
        snapshots, limits = self._machinery.qemu.snapshots, self._machinery.limits
        total, key = snapshots.steps(golden_id, limits), snapshots.key(golden_id, limits)
        desktop = {} if snapshots.desktops.has(golden_id, limits) else desktop_estimates(self._store.cache)
        estimates = {**desktop, **snapshot_estimates(self._store.cache)}
        return SnapshotSteps(tell, total, estimates, (key.desktop, key.name))

    def tried(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        """See services.renewals.GoldenWorks."""
        report = self._canaries.find(golden_id, driver)
        try:
            return report if report and report.subject == self._subject(golden_id, driver) else None
        except VestibuleError:  # the golden, or QEMU, is gone: nothing is started from it
            return None

    def damage(self, golden_id: GoldenId, driver: DriverName) -> GoldenFailed | None:
        """See services.renewals.GoldenWorks."""
        if driver is DriverName.QEMU:
            try:
                self._machinery.qemu.snapshots.find(golden_id, self._machinery.limits)
            except GoldenFailed as error:
                return error
            except VestibuleError:  # not made yet, or QEMU is not there
                pass
        return None

    def is_another_than_tried(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """See services.renewals.GoldenWorks."""
        there = self._canaries.find(golden_id, driver) is not None
        return there and self.tried(golden_id, driver) is None

    def _subject(self, golden_id: GoldenId, driver: DriverName) -> str:
        if driver is DriverName.QEMU:
            snapshot = self._machinery.qemu.snapshots.find(golden_id, self._machinery.limits)
            manifest = file_digest(snapshot.memory.with_name("manifest.json"))
            return content_name("memory", {"snapshot": snapshot.name, "manifest": manifest})
        disks = dict(self._store.manifest(golden_id).disks)
        return content_name("root", {"golden": golden_id, "disks": disks})

    async def try_out(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> CanaryReport:
        """See services.renewals.GoldenWorks."""
        before = await asyncio.to_thread(self.tried, golden_id, driver)
        async with self._canaries.alone(golden_id, driver) as waited:
            found = await asyncio.to_thread(self.tried, golden_id, driver)
            if waited and found is not None and found != before:
                return found  # another process tried the very same meanwhile
            return await self._try_out(golden_id, driver, tell)

    async def _try_out(self, golden_id: GoldenId, driver: DriverName, tell: Tell, /) -> CanaryReport:
        candidate = await asyncio.to_thread(self._candidate, golden_id, driver)
        evidence = await to_the_end(lambda: self._canaries.begin(golden_id))
        try:
            async with canary_of(self._machinery, golden_id, evidence) as canary:
                report = await canary.run(candidate, tell)
        except BaseException:  # without a report nobody would find the evidence
            await asyncio.to_thread(remove_tree, evidence)
            raise
        await asyncio.to_thread(self._canaries.finish, evidence, report, canary.screenshot)
        self.on_canary(report)
        return report

    def _candidate(self, golden_id: GoldenId, driver: DriverName) -> Candidate:
        return Candidate(
            golden_id=golden_id,
            driver=driver,
            subject=self._subject(golden_id, driver),
            tools=_tools(self._store.manifest(golden_id)),
        )

    def estimates(self) -> Mapping[tuple[Phase, str], float]:
        """See services.renewals.GoldenWorks: of canaries; builder and snapshots tell their own."""
        newest = [report for driver in self.drivers if (report := self._canaries.newest(driver))]
        return {
            (Phase.CANARY, f"{report.driver}: {check.name}"): check.seconds
            for report in newest
            for check in report.checks
        }

    def forecast(self) -> Forecast:
        """See services.renewals.GoldenWorks."""
        return forecast(self._store, self._canaries, self.drivers)

    def canary_s(self, driver: DriverName) -> float | None:
        """See services.renewals.GoldenWorks."""
        return canary_s(self._canaries, driver)

    async def collect(self, keep: Callable[[], Collection[GoldenId]]) -> None:
        """See services.renewals.GoldenWorks."""
        given_up = threading.Event()

        def go_on() -> None:
            if given_up.is_set():
                raise _GivenUpError

        try:
            gone = await asyncio.to_thread(self._collected, keep, go_on)
        finally:  # a controller that stops would else wait until every file of the cache was looked at
            given_up.set()
        for product in gone:
            log.info("Collected", kind=product.kind, name=product.name, bytes=product.size)

    def _collected(
        self, keep: Callable[[], Collection[GoldenId]], go_on: Callable[[], None]
    ) -> Sequence[Collected]:
        fits = self._machinery.readiness.fits()
        return collector_of(self._machinery.settings, self._store, keep, fits, go_on=go_on).collect()


def _nobody(_report: CanaryReport) -> None:
    """Whom a report is told to when nobody wants to know."""


class _GivenUpError(Exception):
    """Nobody waits for what was found any more."""


def collector_of(
    settings: Settings,
    store: DirectoryGoldenStore,
    keep: Callable[[], Collection[GoldenId]],
    fits: Fits,
    newest: int | None = None,
    *,
    go_on: Callable[[], None] = lambda: None,
) -> Collector:
    """Of goldens that nothing uses, by the settings' measures; ``newest`` in place of golden_keep."""
    quota_bytes = int(settings.golden_quota_gib * (1 << 30))
    return store.collector(
        keep, newest=newest or settings.golden_keep, quota_bytes=quota_bytes, fits=fits, go_on=go_on
    )


def _tools(manifest: Manifest) -> Mapping[str, tuple[Sequence[str], str]]:
    spec = manifest.inputs["tools"]["spec"]
    return {tool: (tuple(spec["check"][tool]), spec["versions"][tool]) for tool in spec["versions"]}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Renewing:
    """Everything that renews goldens, for a controller or a command."""

    goldens: DirectoryGoldenStore
    canaries: CanaryReports
    promotions: Promotions
    works: HostWorks
    renewals: Renewals
    serving: Serving


def renewing_with(machinery: Machinery) -> Renewing:
    """Put together for the host's own driver and those of the settings, with a build process."""
    store = machinery.goldens.store
    return renewing_by(
        machinery, machinery.readiness.drivers, lambda tell: build(machinery.settings, store, tell)
    )


async def build(settings: Settings, store: DirectoryGoldenStore, tell: Tell) -> GoldenId:
    """Build the golden of today's inputs; what is damaged of it is made again, once nothing runs from it.

    Raises Conflict ``golden_in_use``, and as ``BuildProcess.run``.
    """
    gone = await asyncio.to_thread(store.mend, store.wanted())
    if gone:
        log.warning("Removed what was damaged", names=list(gone))
    process = BuildProcess(
        cache_dir=settings.cache_dir,
        key=settings.golden_signing_key,
        trusted=settings.golden_trusted_keys,
        debian_mirror=settings.debian_mirror,
        uid=settings.machine_uid,
        gid=settings.machine_gid,
    )
    return await process.run(tell)


def renewing_by(machinery: Machinery, drivers: Sequence[DriverName], build: BuildDisk) -> Renewing:
    """Put together for these drivers, with disks made by ``build``."""
    goldens = machinery.goldens.store
    canaries = CanaryReports(goldens.cache)
    promotions = machinery.promotions
    works = HostWorks(machinery, canaries, drivers, build)
    renewals = Renewals(works=works, promotions=promotions, clock=SystemClock())
    return Renewing(
        goldens=goldens,
        canaries=canaries,
        promotions=promotions,
        works=works,
        renewals=renewals,
        serving=Serving(promotions=promotions, works=works, renewals=renewals),
    )


def scrubbing_of(settings: Settings, renewing: Renewing) -> Scrubbing:
    """Reads the promoted golden through as often as the settings say."""
    process = ScrubProcess(
        cache_dir=settings.cache_dir, key=settings.golden_signing_key, trusted=settings.golden_trusted_keys
    )
    return Scrubbing(
        scrub=process.run,
        promotions=renewing.promotions,
        feed=renewing.renewals.feed,
        clock=SystemClock(),
        every=dt.timedelta(hours=settings.golden_scrub_h) if settings.golden_scrub_h else None,
    )
