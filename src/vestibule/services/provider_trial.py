"""A provider's trial: the real tool, in clones, as far as it comes without a person.

::

    one clone       ─▶ the tool prints the declared version
    one a flow      ─▶ its sign-in address; its user code (device)
                       its question for a code, and its refusal of a wrong one (paste)

Everything goes through sign-ins, as a person's would: what is tried is what runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from vestibule.core import diagnosis
from vestibule.core.errors import MachineFailed
from vestibule.core.failures import FailureCode
from vestibule.core.machines import DriverName
from vestibule.core.providers import Flow, LoginFlow, Provider
from vestibule.core.records import NoticeRecord, SessionRecord, User
from vestibule.core.sessions import FINAL
from vestibule.core.verification import Outcome, TrialCheck, Verification
from vestibule.services.canary_checks import Shell, says_version
from vestibule.services.machines import Machines
from vestibule.services.ports import Clock
from vestibule.services.sign_ins import SignIns

LOOK_S = 2.0
"""How often a sign-in is looked at that nothing has changed of."""
ANSWER_S = 5.0
"""A wrong code must have been refused by then."""
WRONG_CODE = "wrong-code"
_ELSEWHERE = "Try it where its provider can be reached."

TellCheck = Callable[[TrialCheck], None]


class ProviderTrial:
    """Trials of one assembly; a trial's sessions are its user's."""

    def __init__(self, *, machines: Machines, sign_ins: SignIns, user: User, clock: Clock) -> None:
        self._machines = machines
        self._sign_ins = sign_ins
        self._user = user
        self._clock = clock

    async def run(self, provider: Provider, digest: str, driver: DriverName, tell: TellCheck) -> Verification:
        """Try everything that the file declares, whatever fails on the way."""
        notes = _Notes(tell)
        if provider.install.version_command is not None:
            await notes.check("version", None, self._version(provider, driver))
        for flow in provider.login.flows:
            await self._flow(provider, flow, driver, notes)
        return Verification(
            provider=provider.name,
            version=provider.version,
            digest=digest,
            at=self._clock.now(),
            checks=tuple(notes.checks),
        )

    async def _version(self, provider: Provider, driver: DriverName) -> str:
        live = await self._machines.start(self._user.user_id, driver=driver)
        try:
            command = provider.install.version_command
            if live.guest is None or command is None:
                raise AssertionError("a machine without a guest, or a tool without a version command")
            return await says_version(Shell(live.guest), command, provider.version)
        finally:
            await self._machines.destroy(live.record.vm_id)

    async def _flow(self, provider: Provider, flow: LoginFlow, driver: DriverName, notes: _Notes) -> None:
        async with self._session(provider, flow.kind, driver) as session:
            if not await notes.check("address", flow.kind, self._address(session)):
                return
            if flow.kind is Flow.DEVICE:
                await notes.check("user code", flow.kind, self._user_code(session))
            if flow.kind is Flow.PASTE:
                await notes.check("question for the code", flow.kind, self._question(session))
                if provider.login.errors:
                    await notes.check("refusal of a wrong code", flow.kind, self._refusal(session))

    @contextlib.asynccontextmanager
    async def _session(
        self, provider: Provider, flow: Flow, driver: DriverName
    ) -> AsyncIterator[SessionRecord]:
        record = await self._sign_ins.start(
            self._user, provider.name, driver=driver, flow=flow, page_url=lambda session_id: session_id
        )
        try:
            yield record
        finally:
            await self._sign_ins.cancel(self._user, record.session_id)

    async def _address(self, session: SessionRecord) -> str:
        record = await self._until(session, lambda now: now.auth_url is not None)
        return f"on {urlsplit(record.auth_url or '').hostname}"

    async def _user_code(self, session: SessionRecord) -> str:
        record = await self._until(session, lambda now: now.user_code is not None)
        return f"of {len(record.user_code or '')} characters"

    async def _question(self, session: SessionRecord) -> str:
        await self._until(session, lambda now: now.code_asked)
        return "the tool waits for it"

    async def _refusal(self, session: SessionRecord) -> str:
        missed = self._sign_ins.missed(session.session_id)
        before = missed.unreachable
        asked_at = self._clock.now()
        begin = time.monotonic()
        await self._sign_ins.paste(self._user, session.session_id, WRONG_CODE)
        try:
            async with asyncio.timeout(ANSWER_S):
                notice = await self._notice(session, "tool_error", since=asked_at)
        except TimeoutError:
            raise MachineFailed(
                f"the tool said nothing that login.errors knows within {ANSWER_S:g} s of a wrong code",
                remedy="Read its screen, and correct login.errors.",
                code="trial_failed",
            ) from None
        told = f"{notice.text} ({time.monotonic() - begin:.1f} s)"
        if newly := missed.unreachable - before:
            raise _OutOfReach(
                f"{', '.join(sorted(newly))} could not be reached. {told}",
                remedy=_ELSEWHERE,
                code="egress_unreachable",
            )
        return told

    async def _notice(self, session: SessionRecord, code: str, *, since: dt.datetime) -> NoticeRecord:
        async for _ in self._sign_ins.changes(session.session_id, LOOK_S):
            _stages, notices = await self._sign_ins.history(session.session_id)
            for notice in notices:
                if notice.code == code and notice.at >= since:
                    return notice
        raise AssertionError("the changes of a session ended before the session did")

    async def _until(self, session: SessionRecord, seen: Callable[[SessionRecord], bool]) -> SessionRecord:
        """The session once it shows something.  Raises MachineFailed with its failure when it never will."""
        async for _ in self._sign_ins.changes(session.session_id, LOOK_S):
            record = await self._sign_ins.get(self._user, session.session_id)
            if seen(record):
                return record
            if record.status in FINAL:
                raise _ended(record)
        raise AssertionError("the changes of a session ended before the session did")


def _ended(record: SessionRecord) -> MachineFailed:
    missed = record.error_evidence.get("sites_unreachable", "")
    if record.error_code == FailureCode.EGRESS_UNREACHABLE:
        screen = record.error_evidence.get("screen", "")
        return _OutOfReach(
            f"{_named_first(missed.splitlines(), screen)} The tool says: {_last_words(screen) or 'nothing'}",
            remedy=_ELSEWHERE,
            code="egress_unreachable",
        )
    return MachineFailed(
        record.error_cause or f"the sign-in ended as {record.status}",
        remedy=record.error_remedy or "Read the session.",
        code=record.error_code or "trial_failed",
        **record.error_evidence,
    )


class _OutOfReach(MachineFailed):
    """The tool could not get to its provider."""


def _named_first(causes: Sequence[str], screen: str) -> str:
    """The site that the tool itself complains of; the machine's browser may have missed others."""
    return next((cause for cause in causes if cause.split(":", 1)[0] in screen), causes[0])


def _last_words(screen: str, most: int = 200) -> str:
    return " ".join(screen.split())[-most:]


class _Notes:
    """Times each check, writes down what came of it and tells it."""

    def __init__(self, tell: TellCheck) -> None:
        self._tell = tell
        self.checks: list[TrialCheck] = []

    async def check(self, name: str, flow: Flow | None, work: Awaitable[str]) -> bool:
        """Await one check; whether it passed."""
        begin = time.monotonic()
        outcome, detail = await _outcome(work)
        seconds = round(time.monotonic() - begin, 1)
        check = TrialCheck(name=name, flow=flow, outcome=outcome, detail=detail, seconds=seconds)
        self.checks.append(check)
        self._tell(check)
        return outcome is Outcome.PASSED


async def _outcome(work: Awaitable[str]) -> tuple[Outcome, str]:
    try:
        return Outcome.PASSED, await work
    except _OutOfReach as error:
        return Outcome.UNREACHABLE, error.cause
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this check's outcome, and others go on
        failure = diagnosis.failure_of(error)
        return Outcome.FAILED, f"{failure.code}: {failure.cause}"
