"""The composition root: every object is built here or in ``machinery``, once, and handed in.

::

    settings ─▶ machinery (goldens, broker, drivers) ─▶ Context (database, vault, services) ─▶ HTTP, one port

The command line calls the functions of this module; nothing else imports it.
"""

from __future__ import annotations

import asyncio
import getpass
import platform
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
import uvloop
from fastapi import FastAPI

from vestibule.api.app import create
from vestibule.api.context import Context
from vestibule.core.egress import Verdict
from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId, VmId
from vestibule.core.machines import DriverName
from vestibule.demo.app import HOST as DEMO_HOST
from vestibule.demo.app import create as create_demo
from vestibule.drivers import key_file, logs, providers
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.goldens.build import GoldenBuilder
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.http_server import HttpServer, bind, bind_unix, serving
from vestibule.drivers.instance import only_instance
from vestibule.drivers.machines.cold import ColdQemuDriver, evict
from vestibule.drivers.net.proxy import EgressProxy
from vestibule.drivers.secret_file import read_secret, write_secret
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.drivers.vault import Vault
from vestibule.machinery import Machinery, Progress, goldens_of, open_machinery
from vestibule.resources import find_resources
from vestibule.services.accounts import NAME, Accounts
from vestibule.services.clone_bench import CloneBench, Subject
from vestibule.services.credentials import Credentials
from vestibule.services.feed import Feed
from vestibule.services.host import HostReport
from vestibule.services.machines import Machines, MachineSettings
from vestibule.services.ports import MachineDriver
from vestibule.services.sign_in_run import World
from vestibule.services.sign_ins import SignIns
from vestibule.settings import Settings

log = structlog.get_logger()

CLI_TOKEN_LABEL = "command line of this host"  # noqa: S105 (a label, shown to its owner)


def golden_store(settings: Settings) -> DirectoryGoldenStore:
    """The goldens of this host."""
    return goldens_of(settings).store


def discard_damaged(settings: Settings, golden_id: GoldenId, damages: Sequence[Damage]) -> Sequence[str]:
    """Remove damaged products; returns their names.  Raises Conflict while a controller may use them."""
    with only_instance(settings.state_dir):
        return goldens_of(settings).store.discard(golden_id, damages)


def golden_builder(settings: Settings) -> GoldenBuilder:
    """Builds the golden that today's inputs make."""
    return goldens_of(settings).builder


def build_snapshot(settings: Settings, progress: Progress) -> None:
    """Make the memory snapshot that virtual machines start from, unless it is there; blocks."""

    async def build() -> None:
        async with open_machinery(settings) as machinery:
            await machinery.take_snapshot(progress)

    asyncio.run(build())


@asynccontextmanager
async def host_report(settings: Settings) -> AsyncIterator[HostReport]:
    """What this host can do, for ``doctor`` and ``up``."""
    async with open_machinery(settings) as machinery:
        yield machinery.report


@asynccontextmanager
async def clone_bench(settings: Settings, driver: DriverName) -> AsyncIterator[CloneBench]:
    """A bench of one driver, on machinery of its own."""
    async with open_machinery(settings) as machinery:
        if driver is DriverName.QEMU:
            await machinery.take_snapshot(lambda *_: None)
        yield CloneBench(
            subject=_subject(machinery, driver),
            folders=machinery.folders,
            meter=ProcUsageMeter(),
            clock=SystemClock(),
            random=secrets.token_bytes,
        )


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


@asynccontextmanager
async def open_context(settings: Settings) -> AsyncIterator[Context]:
    """Every service of a controller; at its end every sign-in and machine has ended."""
    async with AsyncExitStack() as stack:
        machinery = await stack.enter_async_context(open_machinery(settings))
        database = await open_database(settings.state_dir / "vestibule.db")
        stack.push_async_callback(database.close)
        demo_socket = settings.run_dir / "demo.sock"
        await stack.enter_async_context(_demo_provider(demo_socket))
        context = await _services(machinery, database, demo_socket)
        stack.push_async_callback(context.machines.destroy_all)
        stack.push_async_callback(context.sign_ins.stop)
        await _recover(context)
        preloading = asyncio.create_task(machinery.preload())
        stack.callback(preloading.cancel)
        yield context


async def _services(machinery: Machinery, database: Database, demo_socket: Path) -> Context:
    settings, clock, random = machinery.settings, SystemClock(), secrets.token_bytes
    folders = [find_resources().providers, *([settings.providers_dir] if settings.providers_dir else [])]
    known = providers.load(folders)
    verdicts = _Verdicts()
    egress = EgressProxy(internal={DEMO_HOST: demo_socket, **settings.internal_sites}, on_verdict=verdicts)
    machines = Machines(
        settings=_machine_settings(machinery),
        choice=machinery.choice,
        drivers=machinery.drivers,
        goldens=machinery.goldens.store,
        golden_id=machinery.goldens.store.wanted(),
        rows=DbMachines(database),
        egress=egress,
        folders=machinery.folders,
        guest_of=lambda machine, token: HttpGuest(machine.connect, token),
        clock=clock,
        random=random,
    )
    credentials = Credentials(
        rows=DbCredentials(database),
        sealer=Vault.at(settings.state_dir / "vault.key", random),
        clock=clock,
        random=random,
    )
    sessions = DbSessions(database)
    world = World(
        sessions=sessions,
        pair=sessions,
        machines=machines,
        credentials=credentials,
        feed=Feed(),
        clock=clock,
        url_timeout_s=settings.url_timeout_s,
    )
    sign_ins = SignIns(world=world, providers=known, random=random)
    verdicts.sign_ins = sign_ins
    return Context(
        accounts=Accounts(
            rows=DbAccounts(database),
            clock=clock,
            random=random,
            cookie_key=key_file.load_or_make(settings.state_dir / "cookie.key", random),
        ),
        sign_ins=sign_ins,
        machines=machines,
        credentials=credentials,
        goldens=machinery.goldens.store,
        host=machinery.report,
        providers=known,
        public_url=str(settings.public_url).rstrip("/") if settings.public_url else None,
    )


def _machine_settings(machinery: Machinery) -> MachineSettings:
    settings = machinery.settings
    return MachineSettings(
        network=machinery.addresses,
        limits=machinery.limits,
        max_machines=settings.max_machines,
        max_machines_per_user=settings.max_machines_per_user,
        life_s=settings.machine_life_s,
        confirm_timeout_s={name: settings.confirm_timeout_s(name) for name in machinery.drivers},
        host=platform.node(),
    )


class _Verdicts:
    """Carries the egress proxy's verdicts to the sign-ins, which are made after it."""

    def __init__(self) -> None:
        self.sign_ins: SignIns | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, vm_id: VmId, verdict: Verdict) -> None:
        """Tell the machine's session of a site that could not be reached."""
        if verdict.code is None or self.sign_ins is None:
            return
        told = self.sign_ins.site_missed(vm_id, verdict)
        task = asyncio.create_task(told)
        self._tasks.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A verdict could not be told to its session", exc_info=error)


@asynccontextmanager
async def _demo_provider(path: Path) -> AsyncIterator[None]:
    """Serve the demo's OAuth server on a UNIX socket that only the egress proxy dials."""
    with bind_unix(path) as sock:
        async with serving(HttpServer(create_demo()), sock):
            yield


async def _recover(context: Context) -> None:
    """What a controller that died left behind: sessions, rows, folders."""
    sessions, machines = await context.sign_ins.recover(), await context.machines.reconcile()
    if sessions or machines:
        log.warning("Ended what an earlier controller left", sessions=sessions, machines=len(machines))


def build_app(context: Context | None = None) -> FastAPI:
    """The HTTP app; without a context it only describes itself (OpenAPI)."""
    app = create(find_resources().web)
    app.state.context = context
    return app


def run(settings: Settings, ready: Callable[[asyncio.Event], Awaitable[None]] | None = None) -> None:
    """Run a controller until SIGTERM, SIGINT, or ``ready`` sets its event; blocks.

    ``ready`` is called once the port answers.  Raises Conflict ``controller_running``, PortTaken,
    HostUnfit, GoldenFailed.
    """
    logs.configure()
    uvloop.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: Callable[[asyncio.Event], Awaitable[None]] | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with only_instance(settings.state_dir), bind(settings.host, settings.port) as sock:
        async with open_context(settings) as context:
            await _leave_cli_token(context, settings.state_dir / "cli-token")
            server = HttpServer(build_app(context), on_stop=context.sign_ins.close_feed)
            async with serving(server, sock) as task:
                task.add_done_callback(lambda _: stop.set())  # a server that broke is a reason to stop
                log.info("Controller is up", host=settings.host, port=settings.port)
                if ready is not None:
                    await ready(stop)
                await stop.wait()
                log.info("Controller stops")


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
