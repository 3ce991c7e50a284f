"""The composition root: every object is built here or in ``machinery``, once, and handed in.

::

    settings ─▶ machinery (goldens, broker, drivers) ─▶ Context (database, vault, services) ─▶ HTTP, one port

The command line calls the functions of this module, and of ``benches``; nothing else imports it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import getpass
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
import uvloop
from fastapi import FastAPI

from vestibule.api.app import create
from vestibule.api.context import Context
from vestibule.assembly import Assembly, Place, assemble, demo_provider, provider_folders
from vestibule.core.machines import DriverName
from vestibule.core.metrics import CANARIES
from vestibule.drivers import logs, providers
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.engine import DATABASE, Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.goldens.watch import input_changes, input_folders
from vestibule.drivers.http_server import HttpServer, bind, serving
from vestibule.drivers.instance import only_instance
from vestibule.drivers.machines.qemu.planned import PlansWithSnapshots
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.drivers.proc import is_running
from vestibule.drivers.secret_file import read_secret, write_secret
from vestibule.machinery import (
    Machinery,
    open_machinery,
    outlive_of,
)
from vestibule.monitoring import golden_audit_of, janitor_of, logs_of, monitor_of
from vestibule.resources import find_resources
from vestibule.services.accounts import NAME
from vestibule.services.forecasts import Forecasts
from vestibule.services.freshness import Freshness
from vestibule.services.golden_audit import GoldenAudit
from vestibule.services.janitor import Janitor
from vestibule.services.monitor import Monitor
from vestibule.services.probation import Probation
from vestibule.services.reconciler import Reconciler
from vestibule.services.vault_ports import KeyRing
from vestibule.services.viewers import Viewers
from vestibule.services.viewing import Viewing
from vestibule.settings import Settings
from vestibule.settings_report import report as settings_report
from vestibule.tracing import exporting
from vestibule.trials import clear_trial_runs
from vestibule.vaults import file_keys, forecasts_of, open_vault
from vestibule.works import (
    Renewing,
    renewing_with,
    scrubbing_of,
)

log = structlog.get_logger()

CLI_TOKEN_LABEL = "command line of this host"  # noqa: S105 (a label, shown to its owner)


@dataclasses.dataclass(kw_only=True)
class Departure:
    """How a controller goes: with its machines, unless it was asked to leave them to the next one."""

    leaves: bool = False


@asynccontextmanager
async def open_context(
    settings: Settings, given: KeyRing | None, departure: Departure
) -> AsyncIterator[Context]:
    """Every service of a controller; at its end every sign-in and machine has ended, or was left.

    ``given``: what ``given_keys`` read, if that is where the master key comes from.  ``departure`` is looked
    at when the end has come.
    """
    async with AsyncExitStack() as stack:
        database = await open_database(settings.state_dir / DATABASE)
        stack.push_async_callback(database.close)
        await database.open_all()
        ring = given or file_keys(settings.state_dir)
        vault = await open_vault(ring, database, settings.vault_lost_keys)
        machinery = await stack.enter_async_context(open_machinery(settings, outlive=outlive_of(settings)))
        demo_socket = settings.run_dir / "demo.sock"
        await stack.enter_async_context(demo_provider(demo_socket))
        ledger, renewing = PrometheusMeter(), renewing_with(machinery)
        renewing.works.on_canary = lambda done: ledger.count(CANARIES, done.driver, done.result)
        place = Place(state_dir=settings.state_dir, demo_socket=demo_socket, folders=machinery.folders)
        export = await stack.enter_async_context(exporting(settings))
        assembly = assemble(
            machinery, database, vault, place, renewing.serving.golden, meter=ledger, export=export
        )
        forecasts = forecasts_of(settings, database, assembly.credentials.feed, ledger)
        janitor = janitor_of(settings, database, ledger)
        monitor = monitor_of(
            machinery,
            database=database,
            sealer=vault.sealer,
            assembly=assembly,
            ledger=ledger,
            janitor=janitor,
            canaries=renewing.canaries,
        )
        context = _context(machinery, assembly, forecasts, renewing, monitor)
        stack.push_async_callback(context.audit.close)
        stack.push_async_callback(context.timeline.close)
        stack.push_async_callback(context.machines.destroy_all)
        stack.push_async_callback(context.sign_ins.stop)
        stack.push_async_callback(_leave_if_asked, machinery, context, departure)
        await _recover(machinery, context)
        clear_trial_runs(settings.run_dir)
        await asyncio.to_thread(context.freshness.promote_tried)
        probation = Probation(
            rows=DbMachines(database),
            promotions=renewing.promotions,
            feed=renewing.renewals.feed,
            clock=SystemClock(),
        )
        context.machines.tell_ends(probation.machine_ended)
        reconciler = _reconciler(machinery, context, database)
        golden_audit = golden_audit_of(database, renewing.promotions, renewing.renewals)
        background = _background(
            machinery,
            context,
            probation=probation,
            reconciler=reconciler,
            janitor=janitor,
            golden_audit=golden_audit,
        )
        await stack.enter_async_context(background)
        yield context


def _context(
    machinery: Machinery, assembly: Assembly, forecasts: Forecasts, renewing: Renewing, monitor: Monitor
) -> Context:
    settings = machinery.settings
    changes = input_changes(input_folders(find_resources()))
    return Context(
        accounts=assembly.accounts,
        sign_ins=assembly.sign_ins,
        first_frames=assembly.first_frames,
        view_links=assembly.view_links,
        viewers=Viewers(settings.max_viewers),
        machines=assembly.machines,
        viewing=Viewing(
            machines=assembly.machines, sign_ins=assembly.sign_ins, policy=settings.file_policy()
        ),
        timeline=assembly.timeline,
        credentials=assembly.credentials,
        custodian=assembly.custodian,
        rotation=assembly.rotation,
        forecasts=forecasts,
        goldens=machinery.goldens.store,
        plans=PlansWithSnapshots(
            store=machinery.goldens.store,
            accelerator=machinery.qemu.accelerator,
            limits=machinery.limits,
            needed=DriverName.QEMU in renewing.works.drivers,
        ),
        promotions=renewing.promotions,
        renewals=renewing.renewals,
        canaries=renewing.canaries,
        freshness=Freshness(
            works=renewing.works,
            promotions=renewing.promotions,
            renewals=renewing.renewals,
            goldens=machinery.goldens.store,
            changes=changes,
        ),
        scrubbing=scrubbing_of(settings, renewing),
        host=machinery.report,
        monitor=monitor,
        audit=assembly.audit,
        tables=assembly.tables,
        logs=logs_of(settings, assembly.machines),
        settings=settings_report(settings),
        providers=assembly.providers,
        doubts=providers.doubts(provider_folders(settings)),
        public_url=str(settings.public_url).rstrip("/") if settings.public_url else None,
    )


def _reconciler(machinery: Machinery, context: Context, database: Database) -> Reconciler:
    return Reconciler(
        every_s=machinery.settings.reconcile_s,
        machines=context.machines,
        sign_ins=context.sign_ins,
        rows=DbMachines(database),
        sessions=DbSessions(database),
        network=machinery.network,
        folders=machinery.folders,
        is_running=is_running,
    )


@asynccontextmanager
async def _background(
    machinery: Machinery,
    context: Context,
    *,
    probation: Probation,
    reconciler: Reconciler,
    janitor: Janitor,
    golden_audit: GoldenAudit,
) -> AsyncIterator[None]:
    """What goes on beside the requests: goldens are kept fresh and sound, what is lost is mended."""
    works = {
        "Memory could not be loaded ahead; the first start of a machine loads it": machinery.preload(),
        "Goldens are no longer kept fresh; restart the controller": context.freshness.run(),
        "The promoted golden is no longer scrubbed; restart the controller": context.scrubbing.run(),
        "The promoted golden is no longer judged; restart the controller": probation.run(),
        "Credentials are no longer warned of; restart the controller": context.forecasts.run(),
        "Idle machines are no longer paused; restart the controller": context.machines.pausing.run(),
        "Machines are no longer kept warm; restart the controller": context.machines.warm_pool.run(
            context.accounts.operator_id
        ),
        "What is there is no longer compared with what should be; restart the controller": reconciler.run(),
        "Old evidence and rows are no longer removed; restart the controller": janitor.run(),
        "Goldens' moves are no longer written into the audit; restart the controller": golden_audit.run(),
        "View links are no longer ended in time; restart the controller": context.view_links.run(),
        "The host's history is no longer kept; restart the controller": context.monitor.history.run(),
    }
    tasks = [asyncio.create_task(work, name=broken) for broken, work in works.items()]
    for task in tasks:
        task.add_done_callback(_background_ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _background_ended(task: asyncio.Task[None]) -> None:
    """A task is named for what its end means."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error(task.get_name(), exc_info=error)


async def _recover(machinery: Machinery, context: Context) -> None:
    """What an earlier controller left: sign-ins and machines go on; what cannot is ended, and its rows."""
    await context.timeline.recover()
    sessions = await context.sign_ins.recover()
    adopted = await context.machines.restarts.adopt_unused()
    orphans = await machinery.network.end_orphans()
    machines = await context.machines.restarts.reconcile()
    for machine in machines:
        await machinery.network.destroy(machine.vm_id)  # its control groups: a sweep spares young ones
    if sessions or machines or orphans:
        log.warning(
            "Ended what an earlier controller left",
            sessions=sessions,
            machines=len(machines),
            orphans=orphans,
        )
    await context.view_links.recover()
    if begun := await context.sign_ins.begin_anew():
        log.info("Sign-ins wait for a machine again", sessions=begun)
    if adopted:
        log.info("Took over machines without a sign-in", machines=adopted)


async def _leave_if_asked(machinery: Machinery, context: Context, departure: Departure) -> None:
    """From then on, what ends machines does nothing."""
    if departure.leaves:
        context.timeline.leave()
        await context.sign_ins.leave()
        await context.machines.leave()
        await machinery.network.leave()


def build_app(context: Context | None = None) -> FastAPI:
    """The HTTP app; without a context it only describes itself (OpenAPI)."""
    app = create(find_resources().web)
    app.state.context = context
    return app


def run(
    settings: Settings,
    given: KeyRing | None,
    ready: Callable[[asyncio.Event], Awaitable[None]] | None = None,
) -> None:
    """Run a controller until SIGTERM, SIGINT, SIGUSR1, or ``ready`` sets its event; blocks.

    SIGUSR1 leaves the machines to the next controller; else they end.
    ``given`` as to ``open_context``; ``ready`` is called once the port answers.  Raises Conflict
    ``controller_running``, PortTaken, HostUnfit, GoldenFailed.
    """
    logs.configure()
    uvloop.run(_serve(settings, given, ready))


async def _serve(
    settings: Settings,
    given: KeyRing | None,
    ready: Callable[[asyncio.Event], Awaitable[None]] | None,
) -> None:
    stop, departure = asyncio.Event(), Departure()
    _stop_at_signals(stop, departure)
    with only_instance(settings.state_dir), bind(settings.host, settings.port) as sock:
        async with open_context(settings, given, departure) as context:
            await _leave_cli_token(context, settings.state_dir / "cli-token")
            _spare_what_is_loaded()
            server = HttpServer(build_app(context), on_stop=lambda: _close_feeds(context))
            async with serving(server, sock) as task:
                task.add_done_callback(lambda _: stop.set())  # a server that broke is a reason to stop
                log.info("Controller is up", host=settings.host, port=settings.port)
                if ready is not None:
                    await ready(stop)
                await stop.wait()
                log.info("Controller stops")


def _spare_what_is_loaded() -> None:
    """Modules and services stay to the end: a collection that goes through them stops everything."""
    gc.collect()
    gc.freeze()


def _stop_at_signals(stop: asyncio.Event, departure: Departure) -> None:
    def leave() -> None:
        departure.leaves = True
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, leave)


def _close_feeds(context: Context) -> None:
    context.sign_ins.close_feed()
    context.credentials.feed.close()
    context.renewals.feed.close()
    context.tables.close()
    context.logs.close()
    context.monitor.history.close()


async def _leave_cli_token(context: Context, path: Path) -> None:
    """Make the first user, and a token that this host's command line signs in with (mode 0600)."""
    users = await context.accounts.users()
    operator = users[0] if users else await context.accounts.add_user(_operator_name())
    left = await asyncio.to_thread(read_secret, path)
    if left is None or await context.accounts.authenticate(cookie=None, bearer=left) is None:
        issued = await context.accounts.issue_token(operator, CLI_TOKEN_LABEL)
        await asyncio.to_thread(write_secret, path, issued.secret)


def _operator_name() -> str:
    """The name of whoever runs this, when it can be a user's name here."""
    with suppress(OSError):
        name = getpass.getuser()
        if NAME.fullmatch(name):
            return name
    return "operator"
