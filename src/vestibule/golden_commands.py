"""What the command line does with this host's goldens, with or without a controller that runs.

Each opens what it needs and leaves nothing open; a move counts for a running controller at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from vestibule.core.errors import GoldenFailed, HostUnfit
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import StalePolicy
from vestibule.core.renewal import Renewal
from vestibule.drivers import logs
from vestibule.drivers.goldens.build_logs import BuildLogs
from vestibule.drivers.goldens.canaries import CanaryReports
from vestibule.drivers.goldens.collect import Collector
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.machines.qemu import accel
from vestibule.drivers.machines.qemu.planned import PlansWithSnapshots
from vestibule.foresight import forecast
from vestibule.machinery import (
    goldens_of,
    limits_of,
    memory_that_fits,
    open_machinery,
    promotions_of,
    signer_of,
)
from vestibule.services.freshness import ASKED
from vestibule.services.golden_ports import Plans, Tell
from vestibule.services.host import Accelerator, HostReport, choose
from vestibule.services.promotions import Promotions
from vestibule.settings import Settings
from vestibule.works import (
    build,
    collector_of,
    renewing_by,
    renewing_with,
)


def golden_store(settings: Settings) -> DirectoryGoldenStore:
    """The goldens of this host."""
    return goldens_of(settings).store


def public_key(settings: Settings) -> str:
    """This host's public signing key, 64 hex digits; made on first use.  Raises SettingsInvalid."""
    return signer_of(settings).public_key


def golden_promotions(settings: Settings) -> Promotions:
    """Which golden machines start from, and why; a move counts for a running controller at once."""
    logs.failures_only()
    return promotions_of(settings)


async def is_current(settings: Settings) -> bool:
    """Whether machines start from the golden of today's inputs, with every driver that is used here."""
    async with open_machinery(settings) as machinery:
        if machinery.goldens.builder.plan().needed:
            return False
        wanted, works = machinery.goldens.store.wanted(), renewing_with(machinery).works
        prepared = all(works.is_prepared(wanted, driver) for driver in works.drivers)
        return prepared and machinery.promotions.register.promoted == wanted


def canary_reports(settings: Settings) -> CanaryReports:
    """What canaries found out on this host."""
    return CanaryReports(goldens_of(settings).cache)


async def promote(settings: Settings, golden_id: GoldenId) -> None:
    """Promote by hand what has passed its canaries.

    Raises Absent, Conflict ``golden_untested``, GoldenFailed.
    """
    logs.failures_only()
    golden_store(settings).manifest(golden_id)
    async with open_machinery(settings) as machinery:
        renewing_with(machinery).renewals.require_tried(golden_id)
    promote_untested(settings, golden_id)


def promote_untested(settings: Settings, golden_id: GoldenId) -> None:
    """Promote by hand, whether or not it was tried.  Raises Absent, GoldenFailed."""
    golden_promotions(settings).promote_by_hand(golden_id)


def golden_collector(settings: Settings, keep: int | None) -> Collector:
    """Of goldens that nothing uses; ``keep`` in place of golden_keep."""
    store = golden_store(settings)
    return collector_of(
        settings, store, promotions_of(settings, store).kept, memory_that_fits(settings), keep
    )


def golden_plans(settings: Settings) -> Plans:
    """What a build would make; with snapshots as soon as it is known whether KVM works."""
    store, accelerator = golden_store(settings), _foreseen_accelerator(settings)
    if accelerator is None:
        return store
    needed = DriverName.QEMU in _foreseen_drivers(settings, accelerator)
    return PlansWithSnapshots(store=store, accelerator=accelerator, limits=limits_of(settings), needed=needed)


def _foreseen_accelerator(settings: Settings) -> str | None:
    """None where there is no QEMU, and so no snapshot, or a boot has yet to show whether KVM works."""
    try:
        return accel.foreseen(settings.cache_dir)
    except HostUnfit:
        return None


def _foreseen_drivers(settings: Settings, accelerator: str | None) -> set[DriverName]:
    """What goldens are made and tried for here, as ``Readiness.drivers`` will say with machinery."""
    chosen = choose(settings.isolation, Accelerator(works=accelerator == "kvm", why="")).driver
    return {chosen, *settings.golden_drivers}


def build_logs(settings: Settings) -> BuildLogs:
    """The logs of what is made, and was made, on this host."""
    return BuildLogs(goldens_of(settings).cache)


@asynccontextmanager
async def host_report(settings: Settings) -> AsyncIterator[HostReport]:
    """What this host can do, for ``doctor`` and ``up``."""
    async with open_machinery(settings) as machinery:
        yield machinery.report


async def renew(settings: Settings, tell: Tell, also: Sequence[DriverName] = ()) -> Renewal:
    """Build, try and promote what is wanted, unless all that is done.

    ``also``: drivers to do so for besides the host's own and those of the settings.
    Raises Conflict ``golden_in_use``, GoldenFailed, DiskFull, HostUnfit when it cannot be built; what fails
    later is in the outcome.
    """
    logs.failures_only()
    # Built before there is machinery: whether KVM works, and so for what the rest is done, is found out with
    # the golden's own kernel.
    built = await build(settings, golden_store(settings), _foreseeing(settings, tell, also))
    async with open_machinery(settings) as machinery:
        drivers = (*machinery.readiness.drivers, *also)
        parts = renewing_by(machinery, drivers, lambda _: _there(built))
        parts.promotions.reconsider(built)
        return await parts.renewals.renew(built, ASKED, tell)


async def _there(built: GoldenId) -> GoldenId:
    return built


def _foreseeing(settings: Settings, tell: Tell, also: Sequence[DriverName]) -> Tell:
    """Adds what comes after the build, for the drivers that it will be done for."""
    drivers = {*_foreseen_drivers(settings, _foreseen_accelerator(settings)), *also}
    foreseen = forecast(golden_store(settings), canary_reports(settings), drivers)
    return lambda news: tell(foreseen.whole(news))


def is_settled(settings: Settings) -> bool:
    """Whether machines can be started, and policy or somebody's judgement is against another golden."""
    store = golden_store(settings)
    promotions = promotions_of(settings, store)
    try:
        promotions.serving()
    except GoldenFailed:
        return False
    by_policy = promotions.rule.policy is not StalePolicy.REBUILD
    return by_policy or promotions.is_dismissed(store.wanted())
