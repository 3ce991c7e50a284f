"""A controller without a host: real services and database, fake machines, a clock that a test moves."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from empty_database import empty_database
from golden_doubles import BUILD, GOLDEN, Clock, Goldens, Works
from lab_doubles import ROOMY, Egress, Host, JournaledSessions, LabDriver
from monitor_lab import monitor_in_lab

from vestibule.api.context import Context
from vestibule.core.addresses import MachineNetwork
from vestibule.core.audit import AuditAction
from vestibule.core.file_transfer import FilePolicy, FileTransfer
from vestibule.core.ids import SessionId
from vestibule.core.machines import DriverName, Isolation, Limits
from vestibule.core.promotion import StalePolicy
from vestibule.core.providers import Provider
from vestibule.core.records import SessionRecord, User
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.settings_report import SettingSource, SettingsReport, ShownSetting
from vestibule.core.steps import Span
from vestibule.drivers import providers
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.audit import DbAudit
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.metered import MeteredMachines
from vestibule.drivers.db.steps import DbSteps
from vestibule.drivers.db.tables import DbTables
from vestibule.drivers.db.view_links import DbViewLinks
from vestibule.drivers.db.warnings import DbWarnings
from vestibule.drivers.goldens.register import FileRegister
from vestibule.drivers.guest import HttpGuest
from vestibule.drivers.log_files import DiskLogFiles
from vestibule.drivers.machines.fake import FakeMachine
from vestibule.drivers.machines.fake_agent import Script
from vestibule.drivers.master_keys import FileKeyRing
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.drivers.rfb import rfb_desktop
from vestibule.drivers.run_folders import DiskRunFolders
from vestibule.resources import find_resources
from vestibule.services.accounts import Accounts
from vestibule.services.admission import Admission, Patience
from vestibule.services.audit import Audit
from vestibule.services.credentials import Credentials
from vestibule.services.custodian import Custodian
from vestibule.services.evidence import Evidence
from vestibule.services.feed import Feed
from vestibule.services.first_frames import FirstFrames
from vestibule.services.forecasts import Forecasts
from vestibule.services.freshness import Freshness
from vestibule.services.host import Check, HostReport
from vestibule.services.machine_logs import MachineLogs
from vestibule.services.machine_settings import Choice, MachineSettings
from vestibule.services.machines import Machines
from vestibule.services.meter import Meter
from vestibule.services.pausing import Pausing
from vestibule.services.promotions import Promotions, ServingRule
from vestibule.services.renewals import Renewals
from vestibule.services.scrubbing import Scrubbing
from vestibule.services.serving import Serving
from vestibule.services.sign_in_world import World
from vestibule.services.sign_ins import SignIns
from vestibule.services.stage_limits import StageLimits
from vestibule.services.tables import Tables
from vestibule.services.timeline import Timeline
from vestibule.services.view_links import ViewLinks
from vestibule.services.viewers import Viewers
from vestibule.services.viewing import Viewing
from vestibule.vaults import open_vault
from vestibule_agent.protocol import CONTRACT

PATIENCE_S = 10.0
LONGEST_LINK_S = 1800
MOST_VIEWERS = 3
URL = "http://login.demo.test/authorize?state=fake"
TOKEN = "visibly-fake-access-token"
FILES = FilePolicy(transfer=FileTransfer.BOTH, max_bytes=1 << 20, quota_bytes=4 << 20)
SCRIPT = Script(
    agent_build=BUILD,
    auth_url=URL,
    credential=json.dumps(
        {
            "access_token": TOKEN,
            "refresh_token": "visibly-fake-refresh-token",
            "expires_at": 4_102_444_800,
            "account": "demo@example.test",
        }
    ).encode(),
)
"""A demo that asks for a sign-in and waits for the person."""


SETTING = ShownSetting(
    name="port",
    variable="VESTIBULE_PORT",
    group="controller",
    value="4001",
    default="4000",
    source=SettingSource.ENVIRONMENT,
    secret=False,
    is_set=True,
    text="Port that the controller listens on.",
)


class _Nothing:
    async def checks(self, _choice: Choice) -> Sequence[Check]:
        return []


@dataclasses.dataclass(kw_only=True)
class Lab:
    """Everything, and what a test asks of it."""

    folder: Path
    clock: Clock
    database: Database
    driver: LabDriver
    egress: Egress
    goldens: Goldens
    host: Host
    works: Works
    sessions: JournaledSessions
    machines: Machines
    sign_ins: SignIns
    context: Context
    timeline: Timeline
    spans: list[Span]
    """What was exported."""
    journal: list[str]
    """In which order a session's end was stored and its machine stopped."""
    ann: User
    """The first user: the operator."""
    bob: User

    async def connect(self, user: User | None = None, provider: str = "demo") -> SessionRecord:
        """Begin a sign-in of ann's."""
        return await self.sign_ins.start(
            user or self.ann, provider, driver=None, page_url=lambda id_: f"http://lab.test/{id_}"
        )

    async def reach(self, session_id: SessionId, status: SessionStatus) -> SessionRecord:
        """Wait until the session has this state, or fail when it ends in another."""
        return await self.until(session_id, lambda record: record.status is status)

    async def until(self, session_id: SessionId, fits: Callable[[SessionRecord], bool]) -> SessionRecord:
        """Wait until the session fits."""
        record = await self.sessions.get(session_id)
        async with asyncio.timeout(PATIENCE_S):
            async for _ in self.sign_ins.changes(session_id, PATIENCE_S):
                record = await self.sessions.get(session_id)
                if fits(record) or record.status in FINAL:
                    break
        assert fits(record), record
        return record

    async def ended(self, session_id: SessionId) -> SessionRecord:
        """Wait until nothing of the sign-in runs any more."""
        async with asyncio.timeout(PATIENCE_S):
            task = self.sign_ins._tasks.get(session_id)
            if task is not None:
                await asyncio.wait([task])
        return await self.sessions.get(session_id)

    def machine(self, number: int = -1) -> FakeMachine:
        """A machine that was started, the newest by default."""
        return list(self.driver.machines.values())[number]

    async def nothing_left(self) -> None:
        """No handle, folder, proxy or address of any machine is left."""
        assert self.machines._live == {}
        assert await DbMachines(self.database).live() == []
        assert self.egress.open_for == {}
        assert all(hold.released for hold in self.goldens.holds)
        folders = self.folder / "run/machines"
        assert not folders.exists() or list(folders.iterdir()) == []


@contextlib.asynccontextmanager
async def open_lab(
    folder: Path,
    *,
    script: Script = SCRIPT,
    limits: Mapping[str, Any] | None = None,
    url_timeout_s: float = 60,
    claim_timeout_s: float = 60,
    provider_changes: Mapping[str, Any] | None = None,
    policy: StalePolicy = StalePolicy.REBUILD,
    heir_of: Lab | None = None,
    around: Callable[[Any], Any] = lambda port: port,
) -> AsyncIterator[Lab]:
    """A lab in ``folder``; at its end every sign-in and machine has ended.

    ``heir_of``: the next controller on the folder, host and machines of one that is gone.  ``around`` wraps
    each port through which a sign-in does something.
    """
    clock, journal = heir_of.clock if heir_of else Clock(), list[str]()
    ledger = PrometheusMeter()
    path = folder / "state/vestibule.db"
    database = Database.at(path) if heir_of else await empty_database(path)
    driver = heir_of.driver if heir_of else LabDriver(lambda: script, journal)
    egress, host = Egress(), Host()
    goldens = Goldens()
    works = Works(goldens)
    promotions = Promotions(
        register=FileRegister(folder / "state/goldens.json"),
        goldens=goldens,
        clock=clock,
        rule=ServingRule(policy=policy, contract=CONTRACT),
    )
    if heir_of is None:
        promotions.promote(GOLDEN, why="a lab has one golden")
    renewals = Renewals(works=works, promotions=promotions, clock=clock)
    spans: list[Span] = []
    feed: Feed[SessionId] = Feed()
    timeline = Timeline(
        rows=DbSteps(database),
        clock=clock,
        begun=lambda subject: feed.publish(SessionId(subject)),
        export=spans.append,
    )
    machines = _machines(
        folder,
        database,
        driver=driver,
        egress=egress,
        clock=clock,
        goldens=goldens,
        serving=Serving(promotions=promotions, works=works, renewals=renewals),
        host=host,
        limits=limits or {},
        around=around,
        timeline=timeline,
        meter=ledger,
    )
    sessions = JournaledSessions(database, ledger, journal)
    audit = Audit(rows=DbAudit(database), clock=clock)
    machines.tell_destroyed(
        lambda record, code: audit.note(AuditAction.MACHINE_DESTROYED, subject=record.vm_id, code=code)
    )
    vault = await open_vault(FileKeyRing(folder / "state/vault.key", secrets.token_bytes), database)
    credentials = Credentials(
        rows=DbCredentials(database),
        sealer=vault.sealer,
        clock=clock,
        random=secrets.token_bytes,
    )
    world = World(
        sessions=around(sessions),
        pair=around(sessions),
        machines=machines,
        credentials=credentials,
        feed=feed,
        clock=clock,
        limits=StageLimits(url_s=url_timeout_s, claim_s=claim_timeout_s, grace_s=0.01),
        timeline=timeline,
        audit=audit,
    )
    known = _providers(provider_changes or {})
    sign_ins = SignIns(world=world, providers=known, random=secrets.token_bytes)
    accounts = Accounts(
        rows=DbAccounts(database), clock=clock, random=secrets.token_bytes, cookie_key=b"c" * 32
    )
    tables = Tables(rows=DbTables(database), accounts=accounts)
    database.on_changed = tables.changed
    context = Context(
        accounts=accounts,
        sign_ins=sign_ins,
        first_frames=FirstFrames(sessions, feed, machines.pictured),
        view_links=ViewLinks(
            rows=DbViewLinks(database),
            sessions=sessions,
            carried=lambda: sign_ins.carried,
            feed=feed,
            audit=audit,
            clock=clock,
            random=secrets.token_bytes,
            longest_s=LONGEST_LINK_S,
            watchers=Viewers(MOST_VIEWERS),
        ),
        viewers=Viewers(MOST_VIEWERS),
        machines=machines,
        viewing=Viewing(machines=machines, sign_ins=sign_ins, policy=FILES),
        timeline=timeline,
        credentials=credentials,
        custodian=Custodian(
            credentials=credentials, rows=DbCredentials(database), providers=known, clock=clock
        ),
        rotation=vault.rotation,
        forecasts=Forecasts(
            rows=DbWarnings(database),
            credentials=DbCredentials(database),
            webhook=None,
            clock=clock,
            ahead=dt.timedelta(hours=72),
            feed=credentials.feed,
        ),
        goldens=goldens,
        plans=goldens,
        promotions=promotions,
        renewals=renewals,
        canaries=works.canaries,
        freshness=Freshness(
            works=works,
            promotions=promotions,
            renewals=renewals,
            goldens=goldens,
            changes=works.changes(),
        ),
        scrubbing=Scrubbing(
            scrub=goldens.scrub, promotions=promotions, feed=renewals.feed, clock=clock, every=None
        ),
        host=HostReport(probe=_Nothing(), choice=machines.choice, promotions=promotions),
        monitor=monitor_in_lab(
            folder,
            database=database,
            accounts=accounts,
            promotions=promotions,
            works=works,
            ledger=ledger,
            clock=clock,
            running=lambda: len(machines.running),
        ),
        audit=audit,
        tables=tables,
        logs=MachineLogs(
            files=DiskLogFiles(run_dir=folder / "run", evidence_dir=folder / "state/evidence"),
            held=lambda: machines.held,
            secrets=machines.secrets_of,
        ),
        settings=SettingsReport(file=None, settings=[SETTING]),
        doubts={},
        providers=known,
        public_url=None,
    )
    ann = heir_of.ann if heir_of else await accounts.add_user("ann")
    clock.move(1)
    lab = Lab(
        folder=folder,
        clock=clock,
        database=database,
        driver=driver,
        egress=egress,
        goldens=goldens,
        host=host,
        works=works,
        sessions=sessions,
        machines=machines,
        sign_ins=sign_ins,
        context=context,
        timeline=timeline,
        spans=spans,
        journal=journal,
        ann=ann,
        bob=heir_of.bob if heir_of else await accounts.add_user("bob"),
    )
    try:
        yield lab
    finally:
        await sign_ins.stop()
        await machines.destroy_all()
        await timeline.close()
        await audit.close()
        await database.close()


def _machines(
    folder: Path,
    database: Database,
    *,
    driver: LabDriver,
    egress: Egress,
    clock: Clock,
    goldens: Goldens,
    serving: Serving,
    host: Host,
    limits: Mapping[str, Any],
    around: Callable[[Any], Any],
    timeline: Timeline,
    meter: Meter,
) -> Machines:
    rows, asked = MeteredMachines(database, meter), dict(limits)
    idle_s = asked.pop("idle_s", 0)
    stages: dict[str, Any] = {"life_s": 3600, "start_timeout_s": {DriverName.FAKE: 60}, "liveness_s": 60}
    stages["warm_machines"] = 0
    stages |= {name: asked.pop(name) for name in stages if name in asked}
    patience = Patience(max_waiting=asked.pop("max_waiting", 100), timeout_s=asked.pop("timeout_s", 60))
    folders = DiskRunFolders(run_dir=folder / "run", evidence_dir=folder / "state/evidence", owner=None)
    return Machines(
        settings=MachineSettings(
            network=MachineNetwork.parse("192.168.100.0/24"),
            limits=Limits(mem_mib=1024, vcpus=1, pids=128),
            confirm_timeout_s={DriverName.FAKE: 5},
            host="lab",
            **stages,
        ),
        choice=Choice(driver=DriverName.FAKE, isolation=Isolation.CONTAINER, why="a lab has no host"),
        drivers={DriverName.FAKE: around(driver)},
        goldens=goldens,
        serving=serving.golden,
        rows=around(rows),
        admission=Admission(
            rules=dataclasses.replace(ROOMY, **asked),
            patience=patience,
            live=rows.live,
            room=lambda: host.room,
            seconds=host.seconds,
        ),
        pausing=Pausing(idle_s=idle_s, seconds=host.seconds),
        egress=around(egress),
        folders=around(folders),
        evidence=Evidence(
            folders=folders,
            memory=lambda _vm_id: host.machine_memory,
            pressure=lambda: host.pressure,
            open_desktop=rfb_desktop,
        ),
        guest_of=lambda machine, token: around(HttpGuest(machine.connect, token)),
        pressure=lambda: host.pressure,
        reachable=host.answers,
        clock=clock,
        random=secrets.token_bytes,
        timeline=timeline,
    )


def _providers(changes: Mapping[str, Any]) -> Mapping[str, Provider]:
    """The shipped tools, every one of which signs in as the demo does."""
    shipped = providers.load([find_resources().providers])
    demo = shipped["demo"]
    alike = {"login": demo.login, "credential": demo.credential, **changes}
    return {name: dataclasses.replace(provider, **alike) for name, provider in shipped.items()}


async def gathered(*work: Awaitable[Any]) -> list[Any]:
    """What each came to: its result, or its exception."""
    return list(await asyncio.gather(*work, return_exceptions=True))
