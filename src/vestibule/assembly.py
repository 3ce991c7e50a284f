"""The middle of the composition root: from machinery to the services that carry sign-ins through.

A controller has one assembly; every canary gets one of its own, with a database, keys and folders that go
with it, pinned to its candidate.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
import platform
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog

from vestibule.core.admission import Rules
from vestibule.core.audit import AuditAction
from vestibule.core.egress import Verdict
from vestibule.core.ids import GoldenId, SessionId, VmId
from vestibule.core.machines import DriverName
from vestibule.core.metrics import EGRESS_VERDICTS, WARM_CLAIMS
from vestibule.core.providers import Provider
from vestibule.drivers import key_file, providers
from vestibule.drivers.clock import SystemClock
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.audit import DbAudit
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.metered import MeteredMachines, MeteredSessions
from vestibule.drivers.db.steps import DbSteps
from vestibule.drivers.db.tables import DbTables
from vestibule.drivers.db.view_links import DbViewLinks
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.http_server import HttpServer, bind_unix, serving
from vestibule.drivers.net.proxy import EgressProxy
from vestibule.drivers.pressure import read_pressure, read_room
from vestibule.drivers.rfb import rfb_desktop
from vestibule.laboratory.app import HOST as DEMO_HOST
from vestibule.laboratory.app import create as create_demo
from vestibule.machinery import Machinery
from vestibule.resources import find_resources
from vestibule.services.accounts import Accounts
from vestibule.services.admission import Admission, Patience
from vestibule.services.audit import Audit
from vestibule.services.credentials import Credentials
from vestibule.services.custodian import Custodian
from vestibule.services.evidence import Evidence, EvidenceFolders
from vestibule.services.feed import Feed
from vestibule.services.first_frames import FirstFrames
from vestibule.services.machine_settings import MachineSettings
from vestibule.services.machines import Machines
from vestibule.services.meter import Meter
from vestibule.services.pausing import Pausing
from vestibule.services.ports import RunFolders
from vestibule.services.rotation import Rotation
from vestibule.services.sign_in_world import World
from vestibule.services.sign_ins import SignIns
from vestibule.services.stage_limits import StageLimits
from vestibule.services.tables import Tables
from vestibule.services.timeline import Timeline
from vestibule.services.view_links import ViewLinks
from vestibule.services.viewers import Viewers
from vestibule.settings import Settings
from vestibule.tracing import Export, nowhere
from vestibule.vaults import OpenVault

log = structlog.get_logger()


class Folders(RunFolders, EvidenceFolders, Protocol):
    """Of machines that live, and of the evidence of those that have ended."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """Where an assembly keeps its things."""

    state_dir: Path
    """Database and keys, but the vault's master key."""
    demo_socket: Path
    folders: Folders
    most_machines: int | None = None
    """Of a trial, in place of the settings' limits, which are people's: and nothing in it waits for room."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assembly:
    """The services of one controller, or of one canary."""

    accounts: Accounts
    sign_ins: SignIns
    first_frames: FirstFrames
    view_links: ViewLinks
    machines: Machines
    credentials: Credentials
    custodian: Custodian
    rotation: Rotation
    providers: Mapping[str, Provider]
    timeline: Timeline
    audit: Audit
    tables: Tables


def assemble(
    machinery: Machinery,
    database: Database,
    vault: OpenVault,
    place: Place,
    serving: Callable[[DriverName], Awaitable[GoldenId]],
    *,
    meter: Meter,
    export: Export = nowhere,
) -> Assembly:
    """Build the services; ``serving`` names the golden that a machine of a driver is to be started from.

    ``export`` is given the spans of sign-ins and machines.
    """
    settings, clock, random = machinery.settings, SystemClock(), secrets.token_bytes
    known = providers.load(provider_folders(settings))
    verdicts = _Verdicts(meter)
    feed: Feed[SessionId] = Feed()
    timeline = Timeline(
        rows=DbSteps(database),
        clock=clock,
        begun=lambda subject: feed.publish(SessionId(subject)),
        export=export,
    )
    audit = Audit(rows=DbAudit(database), clock=clock)
    rows = MeteredMachines(database, meter)
    machines = _machines(machinery, rows, place, serving, verdicts=verdicts, timeline=timeline)
    credential_rows = DbCredentials(database)
    credentials = Credentials(
        rows=credential_rows,
        sealer=vault.sealer,
        clock=clock,
        random=random,
    )
    custodian = Custodian(credentials=credentials, rows=credential_rows, providers=known, clock=clock)
    sessions = MeteredSessions(database, meter)
    world = World(
        sessions=sessions,
        pair=sessions,
        machines=machines,
        credentials=credentials,
        feed=feed,
        clock=clock,
        limits=StageLimits(
            url_s=settings.url_timeout_s,
            claim_s=settings.claim_timeout_s,
            grace_s=settings.credential_grace_s,
        ),
        timeline=timeline,
        audit=audit,
    )
    sign_ins = SignIns(world=world, providers=known, random=random)
    verdicts.sign_ins = sign_ins
    cookie_key = key_file.load_or_make(place.state_dir / "cookie.key", random)
    accounts = Accounts(rows=DbAccounts(database), clock=clock, random=random, cookie_key=cookie_key)
    tables = Tables(rows=DbTables(database), accounts=accounts)
    view_links = ViewLinks(
        rows=DbViewLinks(database),
        sessions=sessions,
        carried=lambda: sign_ins.carried,
        feed=feed,
        audit=audit,
        clock=clock,
        random=random,
        longest_s=settings.view_link_max_s,
        watchers=Viewers(settings.max_viewers),
    )
    database.on_changed = tables.changed
    machines.warm_starts.on_claim = lambda claim: meter.count(WARM_CLAIMS, claim)
    machines.tell_destroyed(
        lambda record, code: audit.note(AuditAction.MACHINE_DESTROYED, subject=record.vm_id, code=code)
    )
    return Assembly(
        accounts=accounts,
        sign_ins=sign_ins,
        first_frames=FirstFrames(sessions, feed, machines.pictured),
        view_links=view_links,
        machines=machines,
        credentials=credentials,
        custodian=custodian,
        rotation=vault.rotation,
        providers=known,
        timeline=timeline,
        audit=audit,
        tables=tables,
    )


def provider_folders(settings: Settings) -> Sequence[Path]:
    """Where provider files are: those that ship with Vestibule, then the operator's own."""
    own = [settings.providers_dir] if settings.providers_dir else []
    return [find_resources().providers, *own]


def _machines(
    machinery: Machinery,
    rows: DbMachines,
    place: Place,
    serving: Callable[[DriverName], Awaitable[GoldenId]],
    *,
    verdicts: _Verdicts,
    timeline: Timeline,
) -> Machines:
    internal = {DEMO_HOST: place.demo_socket, **machinery.settings.internal_sites}
    return Machines(
        settings=_machine_settings(machinery, place),
        choice=machinery.choice,
        drivers=machinery.drivers,
        goldens=machinery.goldens.store,
        serving=serving,
        rows=rows,
        admission=_admission(machinery.settings, rows, place.most_machines),
        pausing=Pausing(idle_s=machinery.settings.idle_pause_s, seconds=time.monotonic),
        egress=EgressProxy(internal=internal, on_verdict=verdicts),
        folders=place.folders,
        evidence=Evidence(
            folders=place.folders,
            memory=machinery.network.memory,
            pressure=read_pressure,
            open_desktop=rfb_desktop,
        ),
        guest_of=lambda machine, token: HttpGuest(machine.connect, token, machinery.settings.agent_timeout_s),
        pressure=read_pressure,
        reachable=machinery.network.answers,
        clock=SystemClock(),
        random=secrets.token_bytes,
        timeline=timeline,
    )


def _admission(settings: Settings, rows: DbMachines, trial: int | None) -> Admission:
    """``trial``: as many machines as a trial has, which are refused at once when the host is full."""
    rules = Rules(
        max_machines=trial or settings.max_machines,
        max_machines_per_user=trial or settings.max_machines_per_user,
        max_starts=trial or settings.max_starts,
        need_mib=round(settings.machine_mem_mib * settings.start_mem_share),
        reserve_mib=settings.host_reserve_mib,
        max_memory_pressure=settings.max_memory_pressure,
        max_cpu_pressure=math.inf if trial else settings.max_cpu_pressure,
    )
    patience = Patience(max_waiting=settings.max_waiting, timeout_s=0 if trial else settings.queue_timeout_s)
    return Admission(rules=rules, patience=patience, live=rows.live, room=read_room, seconds=time.monotonic)


def _machine_settings(machinery: Machinery, place: Place) -> MachineSettings:
    settings = machinery.settings
    return MachineSettings(
        network=machinery.addresses,
        limits=machinery.limits,
        life_s=settings.machine_life_s,
        start_timeout_s={name: settings.start_timeout_s(name) for name in machinery.drivers},
        liveness_s=settings.liveness_s,
        confirm_timeout_s={name: settings.confirm_timeout_s(name) for name in machinery.drivers},
        host=platform.node(),
        warm_machines=settings.warm_machines if place.most_machines is None else 0,
    )


class _Verdicts:
    """Carries the egress proxy's verdicts to the sign-ins, which are made after it."""

    def __init__(self, meter: Meter) -> None:
        self.sign_ins: SignIns | None = None
        self._meter = meter
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, vm_id: VmId, verdict: Verdict) -> None:
        """Count it; tell the machine's session of a site that could not be reached."""
        self._meter.count(EGRESS_VERDICTS, verdict.kind, verdict.reason)
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
async def demo_provider(path: Path) -> AsyncIterator[None]:
    """Serve the demo's OAuth server on a UNIX socket that only the egress proxy dials."""
    with bind_unix(path) as sock:
        async with serving(HttpServer(create_demo()), sock):
            yield
