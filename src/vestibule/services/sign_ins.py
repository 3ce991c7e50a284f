"""Sign-ins, as their owners see them: start, read, follow, cancel, help along."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import structlog

from vestibule.core import ids
from vestibule.core.admission import Place
from vestibule.core.diagnosis import failure_of
from vestibule.core.egress import Verdict
from vestibule.core.errors import Absent, BadInput, Conflict, MachineFailed, Unavailable, VestibuleError
from vestibule.core.ids import SessionId, UserId, VmId
from vestibule.core.machines import DriverName
from vestibule.core.providers import Flow, Provider
from vestibule.core.records import History, SessionRecord, User
from vestibule.core.sessions import (
    FINAL,
    Action,
    CancelAsked,
    Failed,
    Failure,
    SessionStatus,
    allowed_actions,
)
from vestibule.core.web_addresses import is_web_address
from vestibule.services.deadline import within
from vestibule.services.introductions import Live
from vestibule.services.missed_sites import MissedSites
from vestibule.services.ports import Guest
from vestibule.services.sign_in_run import SignInRun
from vestibule.services.sign_in_world import World

log = structlog.get_logger()

CANCEL_TIMEOUT_S = 5.0

_GOES_ON = frozenset(
    {
        SessionStatus.VM_CREATED,
        SessionStatus.READY,
        SessionStatus.AWAITING_USER_AUTH,
        SessionStatus.AUTHENTICATING,
    }
)
"""States of a session whose machine may have confirmed itself."""

_CONTROLLER_GONE = Failure(
    code="controller_restarted",
    cause="The controller stopped during this sign-in, and its machine could not be taken over.",
    remedy="Start again.",
)

_STOPPED = Failure(
    code="controller_restarted",
    cause="The controller was stopped during this sign-in, and took its machine along.",
    remedy="Start again.",
)

_STRANDED = Failure(
    code="session_lost",
    cause="Nothing carried this sign-in on any more.",
    remedy="Start again; the controller's log tells of the error that had ended its work.",
)


class SignIns:
    """One per controller; owns every sign-in that is under way."""

    def __init__(
        self, *, world: World, providers: Mapping[str, Provider], random: Callable[[int], bytes]
    ) -> None:
        self.providers = providers
        self._world = world
        self._random = random
        world.machines.admission.on_moved = world.feed.publish
        self._unbegun: list[SessionRecord] = []
        """Sign-ins of an earlier controller that had no machine yet."""
        self._runs: dict[SessionId, SignInRun] = {}
        self._tasks: dict[SessionId, asyncio.Task[None]] = {}

    async def start(
        self,
        user: User,
        provider_name: str,
        *,
        driver: DriverName | None,
        page_url: Callable[[SessionId], str],
        flow: Flow | None = None,
    ) -> SessionRecord:
        """Begin a sign-in and return at once; a machine is made in the background.

        ``page_url`` makes the absolute address of a session's page; without a ``flow``, the provider's
        preferred one is taken.  Raises BadInput (unknown provider or flow), HostUnfit (driver not usable
        here), Conflict (one is open for this tool), Unavailable ``host_saturated`` (too many wait).
        """
        provider = self._provider(provider_name)
        if driver is not None:
            self._world.machines.driver(driver)
        record = self._record(user, provider, driver, provider.flow(flow).kind)
        record = dataclasses.replace(record, page_url=page_url(record.session_id))
        admission = self._world.machines.admission
        await admission.join(record.session_id, record.user_id, record.driver)
        try:
            await self._world.sessions.add(record)
        except BaseException:
            admission.leave(record.session_id)
            raise
        self._launch(record, provider)
        return record

    def _provider(self, name: str) -> Provider:
        try:
            return self.providers[name]
        except KeyError:
            raise BadInput(
                f"There is no provider {name!r}.",
                remedy=f"Use one of: {', '.join(sorted(self.providers))}.",
                code="unknown_provider",
            ) from None

    def _record(
        self,
        user: User,
        provider: Provider,
        driver: DriverName | None,
        flow: Flow,
    ) -> SessionRecord:
        now = self._world.clock.now()
        return SessionRecord(
            session_id=ids.session_id(self._random(ids.RANDOM_BYTES)),
            user_id=user.user_id,
            provider=provider.name,
            status=SessionStatus.STARTED,
            driver=driver,
            flow=flow,
            deadline_at=now + dt.timedelta(seconds=provider.deadline_s),
            created_at=now,
        )

    def _launch(self, record: SessionRecord, provider: Provider, adopted: Live | None = None) -> None:
        run = SignInRun(self._world, record, provider, record.page_url or "", adopted)
        self._runs[record.session_id] = run
        task = asyncio.create_task(run.go(), name=f"sign-in {record.session_id}")
        self._tasks[record.session_id] = task
        task.add_done_callback(lambda done: self._ended(record.session_id, done))

    def _ended(self, session_id: SessionId, task: asyncio.Task[None]) -> None:
        self._runs.pop(session_id, None)
        self._tasks.pop(session_id, None)
        self._world.machines.admission.leave(session_id)  # one that was ended before it began has not
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Sign-in ended by an unforeseen error", session_id=session_id, exc_info=error)

    async def get(self, user: User, session_id: SessionId) -> SessionRecord:
        """Raise Absent when there is none or it is someone else's: the two are told apart to nobody."""
        return await self.visible(user.user_id, session_id)

    async def visible(self, user_id: UserId | None, session_id: SessionId) -> SessionRecord:
        """One of this user's, with None anybody's: to look at it.  Raises Absent as ``get``."""
        record = await self._world.sessions.get(session_id)
        if user_id is not None and record.user_id != user_id:
            raise Absent(f"There is no session {session_id}.", remedy="List yours: vestibule session list.")
        return record

    async def list(self, user: User) -> Sequence[SessionRecord]:
        """The user's sessions, newest first."""
        return await self._world.sessions.of_user(user.user_id)

    async def history(self, session_id: SessionId) -> History:
        """Stages and notices of a session, oldest first."""
        sessions = self._world.sessions
        return await sessions.stages(session_id), await sessions.notices(session_id)

    async def histories(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, History]:
        """The same of several."""
        return await self._world.sessions.histories(session_ids)

    def changes(self, session_id: SessionId, idle_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every change, False after ``idle_s`` without one."""
        return self._world.feed.changes(session_id, idle_s)

    async def cancel(self, user: User, session_id: SessionId) -> SessionRecord:
        """End a session for its owner.  A final one is left as it is and returned."""
        record = await self.get(user, session_id)
        if record.status in FINAL:
            return record
        run = self._runs.get(session_id)
        if run is None:
            return await self._cancel_stored(record)
        run.post(CancelAsked())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                async for _ in self.changes(session_id, CANCEL_TIMEOUT_S):
                    record = await self.get(user, session_id)
                    if record.status in FINAL:
                        return record
        if session_id not in self._runs:  # its end could not be stored; now we learn why
            return await self._cancel_stored(record)
        raise Unavailable(
            f"The session {session_id} has not ended within {CANCEL_TIMEOUT_S:.0f} seconds.",
            remedy="Ask again in a moment; the controller's log says what holds it.",
            code="cancel_pending",
        )

    async def _cancel_stored(self, record: SessionRecord) -> SessionRecord:
        """A session that nothing carries on any more: its end could not be stored when it came."""
        sessions, now = self._world.sessions, self._world.clock.now()
        with contextlib.suppress(Conflict):
            await sessions.advance(record.session_id, seen=record.status, to=SessionStatus.CANCELLED, at=now)
            self._world.feed.publish(record.session_id)
        return await sessions.get(record.session_id)

    async def heartbeat(self, user: User, session_id: SessionId) -> SessionRecord:
        """A sign of life: the deadline is counted from now, and the machine runs."""
        await self._allowed(user, session_id, Action.HEARTBEAT)
        await self._world.machines.pausing.wake(session_id)
        return await self._run(session_id).sign_of_life()

    async def viewer_used(self, vm_id: VmId) -> None:
        """Somebody types or points at a machine's desktop: a sign of life, if it serves a sign-in."""
        for run in tuple(self._runs.values()):
            if run.vm_id == vm_id:
                with contextlib.suppress(Conflict):  # it has just ended
                    await run.sign_of_life()
                    self._world.feed.publish(run.record.session_id)

    async def viewer_typed(self, vm_id: VmId, text: str) -> bool:
        """Remember what somebody passed to a machine as text; False when it serves no sign-in."""
        found = [run for run in tuple(self._runs.values()) if run.vm_id == vm_id]
        for run in found:
            run.typed.add(text)
            await self._keep_typed(run)
        return bool(found)

    async def open_url(self, user: User, session_id: SessionId, url: str) -> SessionRecord:
        """Show an http(s) address in the machine's browser."""
        if not is_web_address(url):
            raise BadInput(
                "Only whole http and https addresses can be opened.",
                remedy="Send one like https://example.com/sign-in.",
            )
        await (await self._guest(user, session_id, Action.OPEN_URL)).open_url(url)
        return await self._helped(user, session_id)

    async def paste(self, user: User, session_id: SessionId, text: str) -> SessionRecord:
        """Type a text into the tool and press Enter."""
        guest = await self._guest(user, session_id, Action.PASTE)
        run = self._run(session_id)
        run.typed.add_code(text)
        await self._keep_typed(run)
        await guest.type_text(text, enter=True)
        return await self._helped(user, session_id)

    async def _keep_typed(self, run: SignInRun) -> None:
        if run.vm_id is not None:
            await self._world.machines.note_typed(run.vm_id, run.typed.texts)

    async def _helped(self, user: User, session_id: SessionId) -> SessionRecord:
        """A sign of life, after a help that may have been the last: then the session as it ended."""
        try:
            return await self._run(session_id).sign_of_life()
        except Conflict:
            return await self.get(user, session_id)

    async def _guest(self, user: User, session_id: SessionId, action: Action) -> Guest:
        record = await self._allowed(user, session_id, action)
        if record.vm_id is None:
            raise AssertionError("an action on the machine was allowed before there was one")
        self._world.machines.expose(record.vm_id)
        return self._world.machines.guest(record.vm_id)

    async def _allowed(self, user: User, session_id: SessionId, action: Action) -> SessionRecord:
        record = await self.get(user, session_id)
        if action not in allowed_actions(record.status):
            raise Conflict(
                f"{action} is not possible while the session is {record.status}.",
                remedy="Read the session's `actions` for what is.",
                code="action_not_allowed",
            )
        return record

    def _run(self, session_id: SessionId) -> SignInRun:
        try:
            return self._runs[session_id]
        except KeyError:
            raise Conflict(
                f"The session {session_id} has just ended.", remedy="Read it again.", code="state_changed"
            ) from None

    async def site_missed(self, vm_id: VmId, verdict: Verdict) -> None:
        """Tell the session of a machine that a site could not be reached."""
        for run in tuple(self._runs.values()):
            if run.vm_id == vm_id:
                await run.site_missed(verdict)

    def missed(self, session_id: SessionId) -> MissedSites:
        """The sites that a session under way did not get to; it goes on filling, and outlives the session."""
        return self._run(session_id).missed

    def close_feed(self) -> None:
        """End every subscription to changes: the controller stops."""
        self._world.feed.close()

    async def recover(self) -> int:
        """At start: sessions of a controller that is gone go on, or are failed with that reason; how many."""
        lost = 0
        for record in await self._world.sessions.unfinished():
            if self._can_begin(record):
                self._unbegun.append(record)
            elif not await self._goes_on(record):
                await self._fail(record, _CONTROLLER_GONE)
                lost += 1
        return lost

    def _can_begin(self, record: SessionRecord) -> bool:
        """Whether it had no machine, and is not too old to wait for one."""
        waiting = record.status is SessionStatus.STARTED and record.provider in self.providers
        return waiting and self._waited_s(record) < self._world.machines.admission.timeout_s

    def _waited_s(self, record: SessionRecord) -> float:
        return max(0.0, (self._world.clock.now() - record.created_at).total_seconds())

    async def begin_anew(self) -> int:
        """Put the sign-ins that had no machine back in the line, oldest first; how many.

        After ``Restarts.reconcile``, which would take what these start for what is left of others.
        """
        begun, self._unbegun = self._unbegun, []
        for stored in begun:
            provider = self.providers[stored.provider]
            record = await self._with_time(stored, provider)
            waited_s = self._waited_s(record)
            self._world.machines.admission.rejoin(
                record.session_id, record.user_id, record.driver, waited_s=waited_s
            )
            self._launch(record, provider)
        return len(begun)

    async def _with_time(self, record: SessionRecord, provider: Provider) -> SessionRecord:
        """Its deadline is not before somebody could have given a sign of life."""
        deadline = within(record.deadline_at, self._world.clock.now(), provider.deadline_s)
        return await self._world.sessions.update(record.session_id, deadline_at=deadline)

    def place(self, session_id: SessionId) -> Place | None:
        """Where it waits for a machine, and why; None when it does not."""
        return self._world.machines.admission.place(session_id)

    async def _goes_on(self, record: SessionRecord) -> bool:
        provider = self.providers.get(record.provider)
        if provider is None or record.vm_id is None or record.status not in _GOES_ON:
            return False
        try:
            adopted = await self._world.machines.restarts.adopt(record.vm_id, allow=provider.egress.allow)
        except VestibuleError as error:
            log.warning("Sign-in cannot go on", session_id=record.session_id, why=error.cause)
            return False
        self._launch(await self._with_time(record, provider), provider, adopted)
        log.info("Sign-in goes on", session_id=record.session_id, status=record.status)
        return True

    @property
    def carried(self) -> frozenset[SessionId]:
        """The sign-ins that are under way here."""
        return frozenset(self._runs)

    def fail_machine(self, vm_id: VmId, error: MachineFailed) -> bool:
        """Fail the sign-in of a machine; False when it has none."""
        runs = [run for run in self._runs.values() if run.vm_id == vm_id]
        for run in runs:
            run.post(Failed(failure=failure_of(error)))
        return bool(runs)

    async def fail_stranded(self, session_id: SessionId) -> None:
        """Fail a sign-in that is stored as under way, and that nothing carries on."""
        record = await self._world.sessions.get(session_id)
        if session_id not in self._runs and record.status not in FINAL:
            with contextlib.suppress(Conflict):
                await self._fail(record, _STRANDED)
            self._world.feed.publish(session_id)

    async def leave(self) -> None:
        """Stop carrying sign-ins on; the next controller does, with the machines as they are."""
        for run in tuple(self._runs.values()):
            run.leave()
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fail(self, record: SessionRecord, failure: Failure) -> None:
        await self._world.sessions.advance(
            record.session_id,
            seen=record.status,
            to=SessionStatus.FAILED,
            at=self._world.clock.now(),
            error_code=failure.code,
            error_cause=failure.cause,
            error_remedy=failure.remedy,
            error_stage=record.status,
        )

    async def stop(self) -> None:
        """End every sign-in: the controller stops.  Returns when their machines are gone.

        Those that wait for a machine go on waiting, with the next controller.
        """
        for session_id, run in tuple(self._runs.items()):
            if self._world.machines.admission.waits(session_id):
                self._tasks[session_id].cancel()
            else:
                run.post(Failed(failure=_STOPPED))
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
