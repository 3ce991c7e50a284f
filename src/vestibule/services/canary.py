"""The canary: clones of a candidate golden are used, as people will use them, before any person may.

::

    several clones ─▶ each: agent, clock, desktop, egress, tools ─▶ all: randomness
    one session    ─▶ a whole demo sign-in, its button pressed on the machine's own desktop ─▶ sealed

It works with machines and sign-ins of its own, pinned to the candidate: what is tried is what runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence

import structlog

from vestibule.core import diagnosis
from vestibule.core.canary import CanaryCheck, CanaryReport
from vestibule.core.errors import MachineFailed, Unavailable, VestibuleError
from vestibule.core.failures import Fault, codes_of
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Isolation
from vestibule.core.pictures import Picture
from vestibule.core.records import SessionRecord, User
from vestibule.core.renewal import Phase, StepNews
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.services import canary_checks as checks
from vestibule.services.canary_checks import OpenDesktop, Shell, TerminalTaken
from vestibule.services.credentials import Credentials
from vestibule.services.golden_ports import Tell
from vestibule.services.introductions import Live
from vestibule.services.machines import Machines
from vestibule.services.ports import Clock, Guest
from vestibule.services.sign_ins import SignIns

log = structlog.get_logger()

CLONES = 3
PROVIDER = "demo"
PAGE_TITLE = "Sign in"
"""How the title of the demo provider's page begins; its button has the focus."""
ENTER = 0xFF0D
LOOK_S = 3.0
"""How often a sign-in is looked at that nothing has changed of."""
PRESS_AGAIN_S = {Isolation.CONTAINER: 3.0, Isolation.VM: 20.0}
"""Doubled each time: a form that is sent again before its answer came begins anew, for ever if emulated."""
PATIENCE_S = {Isolation.CONTAINER: 60.0, Isolation.VM: 240.0}
"""For one check, of a host that builds meanwhile."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is tried."""

    golden_id: GoldenId
    driver: DriverName
    subject: str
    """What machines are started from: the snapshot's name, or the golden's where there is none."""
    tools: Mapping[str, tuple[Sequence[str], str]]
    """Tool → the command that prints its version, and the version that it is pinned at."""


class Canary:
    """One trial; its machines and sign-ins start from the candidate and nothing else."""

    def __init__(
        self,
        *,
        machines: Machines,
        sign_ins: SignIns,
        credentials: Credentials,
        user: User,
        open_desktop: OpenDesktop,
        gateway: str,
        allowed_site: str,
        clock: Clock,
    ) -> None:
        """``allowed_site``: ``host:port`` of a web server that every clone may reach."""
        self._machines = machines
        self._sign_ins = sign_ins
        self._credentials = credentials
        self._user = user
        self._open_desktop = open_desktop
        self._gateway = gateway
        self._allowed_site = allowed_site
        self._clock = clock
        self.screenshot: Picture | None = None
        """The last desktop that was looked at."""

    async def run(self, candidate: Candidate, tell: Tell) -> CanaryReport:
        """Try everything, whatever fails on the way; the report says what came of it.

        Raises Unavailable when what failed is the host, not the golden.
        """
        begin, at = time.monotonic(), self._clock.now()
        isolation = self._machines.driver(candidate.driver).isolation
        notes = _Notes(candidate.driver, tell, PATIENCE_S[isolation], _count(candidate, isolation))
        async with contextlib.AsyncExitStack() as stack:
            clones = await self._started(candidate, notes, stack)
            sign_in = notes.check("sign-in", self._signed_in(candidate))
            await asyncio.gather(sign_in, *self._contract(candidate, clones, notes))
        notes.require_fit_host()
        return CanaryReport(
            golden_id=candidate.golden_id,
            driver=candidate.driver,
            subject=candidate.subject,
            clones=len(clones),
            checks=tuple(notes.checks),
            at=at,
            seconds=round(time.monotonic() - begin, 3),
        )

    async def _started(
        self, candidate: Candidate, notes: _Notes, stack: contextlib.AsyncExitStack
    ) -> Mapping[int, Live]:
        """Start the clones, by number; each has confirmed build, desktop, browser, VNC, clock, randomness."""
        clones: dict[int, Live] = {}

        async def start(number: int) -> str:
            live = await self._machines.start(self._user.user_id, driver=candidate.driver)
            stack.push_async_callback(self._machines.destroy, live.record.vm_id)
            clones[number] = live
            return f"{live.record.vm_id} confirmed build {live.agent_build[:12]}"

        numbers = range(1, CLONES + 1)
        await asyncio.gather(*(notes.check(f"start of clone {n}", start(n)) for n in numbers))
        return clones

    def _contract(
        self, candidate: Candidate, clones: Mapping[int, Live], notes: _Notes
    ) -> Sequence[Awaitable[None]]:
        isolation = self._machines.driver(candidate.driver).isolation
        each = [
            self._one(number, live, candidate, tools_of(tuple(candidate.tools), number, isolation), notes)
            for number, live in sorted(clones.items())
        ]
        return [notes.check("randomness", _all_differ(tuple(clones.values()))), *each]

    async def _one(
        self, number: int, live: Live, candidate: Candidate, tools: Sequence[str], notes: _Notes
    ) -> None:
        guest = _guest(live)  # not asked of the machines: one that has ended is what the checks find
        shell = Shell(guest)
        await notes.check(f"agent of clone {number}", checks.healthy(guest))
        await notes.check(f"clock of clone {number}", checks.on_time(guest, self._clock))
        await notes.check(f"desktop of clone {number}", self._look(guest))
        await notes.check(
            f"egress of clone {number}", checks.confined(shell, self._gateway, self._allowed_site)
        )
        for tool in tools:
            command, version = candidate.tools[tool]
            await notes.check(f"{tool} of clone {number}", checks.says_version(shell, command, version))

    async def _look(self, guest: Guest) -> str:
        picture = await checks.painted(guest, self._open_desktop)
        if self.screenshot is None or picture.emptiness() is not None:  # an empty one is what is asked for
            self.screenshot = picture
        return checks.require_painted(picture)

    async def _signed_in(self, candidate: Candidate) -> str:
        started = await self._sign_ins.start(
            self._user, PROVIDER, driver=candidate.driver, page_url=lambda session_id: session_id
        )
        pressing: asyncio.Task[None] | None = None
        record = started
        try:
            async for record in self._states(started):
                if pressing is None and _awaits_person(record):
                    pressing = asyncio.create_task(self._press(record))
                if pressing is not None and pressing.done() and record.status not in FINAL:
                    pressing.result()  # it never ends before the machine: this raises why it did
            return await self._sealed(record)
        finally:
            if pressing is not None:
                pressing.cancel()
                await asyncio.gather(pressing, return_exceptions=True)
            await self._sign_ins.cancel(self._user, started.session_id)

    async def _states(self, record: SessionRecord) -> AsyncIterator[SessionRecord]:
        """The session now, at every change and every few seconds, up to its end."""
        async for _ in self._sign_ins.changes(record.session_id, LOOK_S):
            record = await self._sign_ins.get(self._user, record.session_id)
            yield record
            if record.status in FINAL:
                return

    async def _press(self, record: SessionRecord) -> None:
        """Press Enter on the machine's desktop once its page is painted, and again if nobody heard it."""
        if record.vm_id is None or record.isolation is None:
            raise AssertionError("a page was shown before there was a machine")
        again_s = PRESS_AGAIN_S[record.isolation]
        sock = await self._machines.guest(record.vm_id).open_vnc()
        async with self._open_desktop(sock) as desktop:
            await checks.grown_quiet(desktop)
            while True:
                await desktop.press(ENTER)
                await asyncio.sleep(again_s)
                again_s *= 2

    async def _sealed(self, record: SessionRecord) -> str:
        if record.status is not SessionStatus.COMPLETED:
            raise MachineFailed(
                f"the demo's sign-in ended as {record.status}: {record.error_cause or 'no cause was given'}",
                remedy=record.error_remedy or "Read the machine's console.",
                code=record.error_code or "canary_failed",
            )
        sealed = [kept.credential_id for kept in await self._credentials.list(self._user)]
        if record.credential_id not in sealed:
            raise MachineFailed("no credential was sealed", remedy="Report this.", code="canary_failed")
        return f"completed, sealed as {record.credential_id}"


class _Notes:
    """Times each check and writes down what came of it."""

    def __init__(self, driver: DriverName, tell: Tell, patience_s: float, total: int) -> None:
        self._driver = driver
        self._tell = tell
        self._patience_s = patience_s
        self._to_come = total
        self.checks: list[CanaryCheck] = []
        self._host: Unavailable | None = None
        self._late: set[str] = set()

    def require_fit_host(self) -> None:
        """A host that lacks something says nothing about a golden: it is tried again later."""
        if self._host is not None:
            raise self._host

    async def check(self, name: str, work: Awaitable[str]) -> None:
        """Await one check; what it raises is its outcome, and the others go on."""
        self._to_come = max(0, self._to_come - 1)
        begin, news = time.monotonic(), StepNews(phase=Phase.CANARY, step=f"{self._driver}: {name}")
        self._tell(dataclasses.replace(news, to_come=self._to_come))
        ok, detail = await self._outcome(name, work)
        seconds = round(time.monotonic() - begin, 3)
        late = name in self._late
        self.checks.append(CanaryCheck(name=name, ok=ok, detail=detail, seconds=seconds, late=late))
        trouble = None if ok else detail
        self._tell(dataclasses.replace(news, seconds=seconds, trouble=trouble, to_come=self._to_come))

    async def _outcome(self, name: str, work: Awaitable[str]) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(self._patience_s) as patience:
                return True, await work
        except Exception as error:
            self._host = self._host or _of_host(error)
            if isinstance(error, TerminalTaken):  # says as little of the golden as what was given up before
                self._late.add(name)
            if patience.expired():
                self._late.add(name)
                return False, f"took longer than {self._patience_s:g} s"
            failure = diagnosis.failure_of(error)
            if failure.code == "internal":
                log.exception("A canary's check broke", check=name)
            return False, f"{failure.code}: {failure.cause}"


def _of_host(error: Exception) -> Unavailable | None:
    """What the host lacks, however it is told; None for what may be the golden's."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, VestibuleError) and error.failure_code in codes_of(Fault.HOST):
        return Unavailable(error.cause, remedy=error.remedy, code=error.failure_code)
    return None


def tools_of(tools: Sequence[str], number: int, isolation: Isolation) -> Sequence[str]:
    """What is asked of clone ``number``: of a container every tool, of a virtual machine one or a few.

    An emulated processor takes over a minute for what a container does in seconds.
    """
    if isolation is Isolation.CONTAINER or not tools:
        return tools
    return tools[number - 1 :: CLONES] or [tools[(number - 1) % len(tools)]]


def _count(candidate: Candidate, isolation: Isolation) -> int:
    """How many checks there will be: five of every clone and its tools, randomness, sign-in."""
    tools = tuple(candidate.tools)
    return 2 + sum(5 + len(tools_of(tools, number, isolation)) for number in range(1, CLONES + 1))


def _guest(live: Live) -> Guest:
    if live.guest is None:
        raise AssertionError("a clone was started that had not confirmed itself")
    return live.guest


async def _all_differ(clones: Sequence[Live]) -> str:
    samples = [live.random_sample for live in clones]
    if len(samples) < CLONES or len(set(samples)) != len(samples):
        raise MachineFailed(
            f"{len(clones)} clones drew {len(set(samples))} different samples of random bytes",
            remedy="Do not use this golden; report this.",
            code="shared_randomness",
        )
    return f"{len(samples)} clones drew different random bytes"


def _awaits_person(record: SessionRecord) -> bool:
    shown = (record.page_title or "").startswith(PAGE_TITLE)
    return shown and record.status is SessionStatus.AWAITING_USER_AUTH
