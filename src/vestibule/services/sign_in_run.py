"""One sign-in under way: an inbox of events, one decision at a time, effects in tasks of their own.

::

    machine task ──┐
    guest's events ┤→ inbox → decide(status, event) → store (compare-and-swap) → effects
    clock, person ─┘

It lives from ``started`` to a final state, and ends only when its machine is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import structlog

from vestibule.core import diagnosis
from vestibule.core import sessions as s
from vestibule.core.egress import Verdict
from vestibule.core.errors import Conflict, MachineFailed, VestibuleError
from vestibule.core.ids import SessionId, UserId, VmId
from vestibule.core.pausing import may_pause
from vestibule.core.providers import Provider, login_spec
from vestibule.core.records import CredentialRecord, NoticeRecord, SessionRecord
from vestibule.core.redaction import redact_screen
from vestibule.core.steps import StepName
from vestibule.core.typed_texts import TypedTexts
from vestibule.services import guest_events, transitions
from vestibule.services.claims import claimed
from vestibule.services.clues import Heard
from vestibule.services.deadline import Deadline, left_s
from vestibule.services.first_pictures import first_picture
from vestibule.services.inbox import Inbox
from vestibule.services.introductions import Live
from vestibule.services.missed_sites import MissedSites
from vestibule.services.other_addresses import OTHER_URL, OtherAddresses
from vestibule.services.patience import patiently
from vestibule.services.ports import Guest
from vestibule.services.session_steps import SessionSteps
from vestibule.services.sign_in_world import World
from vestibule.services.stage_limits import claim_deadline
from vestibule_agent.protocol import Event

log = structlog.get_logger()

STORE_AGAIN_S = 5.0
NOTICEABLE_S = 1.0
CHECKS_LATER_S = 3.0
"""For the first picture, which the same processor paints."""


class SignInRun:
    """Carries one session to its end."""

    def __init__(
        self,
        world: World,
        record: SessionRecord,
        provider: Provider,
        page_url: str,
        adopted: Live | None = None,
    ) -> None:
        """``adopted``: the machine of a sign-in that goes on after its controller was replaced."""
        self._world = world
        self._page_url = page_url
        self._provider = provider
        self._inbox = Inbox()
        self._live = adopted
        self._left = False
        self._has_turn = asyncio.Event()
        """What is waited in the line is not the person's time."""
        self._credential: CredentialRecord | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._others = OtherAddresses()
        self._steps = SessionSteps(world.timeline, record)
        self._clues = Heard()
        self.typed = TypedTexts(adopted.typed if adopted else ())
        self.missed = MissedSites()
        self.record = record
        self._deadline = Deadline(world.clock.monotonic, left_s(record.deadline_at, world.clock.now()))
        if adopted is not None:
            self._has_turn.set()

    @property
    def vm_id(self) -> VmId | None:
        """The machine, once there is one."""
        return self._live.record.vm_id if self._live else None

    def post(self, event: s.SessionEvent) -> None:
        """Put an event in the inbox; it is decided on in turn."""
        self._inbox.put(event)

    async def go(self) -> None:
        """Run until the session is final and its machine is gone."""
        self._spawn(self._start_machine() if self._live is None else self._go_on(self._live))
        self._spawn(self._watch_deadline())
        broken: Exception | None = None
        try:
            while self.record.status not in s.FINAL:
                await self._turn(await self._inbox.get())
        except Exception as error:
            log.exception("A decision could not be stored", session_id=self.record.session_id)
            broken = error
        finally:
            await self._wind_up()
        try:
            if broken is not None:
                await self._give_up(broken)
        finally:
            self._steps.finish(self.record)

    async def _give_up(self, error: Exception) -> None:
        """Fail the session, as soon as that can be stored (a full disk): it must not block the next one."""
        event = s.Failed(failure=diagnosis.failure_of(error))
        while self.record.status not in s.FINAL:
            try:
                await self._store(event, s.decide(self.record.status, event))
            except Conflict:
                self._know(await self._world.sessions.get(self.record.session_id))
            except VestibuleError:
                log.warning("The session's end could not be stored yet", session_id=self.record.session_id)
                await asyncio.sleep(STORE_AGAIN_S)

    async def _turn(self, event: s.SessionEvent) -> None:
        decision = await self._explained(event, s.decide(self.record.status, event))
        if decision.to is s.SessionStatus.FAILED and self._credential is not None:
            # It came while the failure was explained, and the guest gives it only once.
            event = s.CredentialSealed()
            decision = s.decide(self.record.status, event)
        try:
            await patiently(lambda: self._store(event, decision))
        except Conflict:
            self._know(await self._world.sessions.get(self.record.session_id))
            return
        await self._tell_missed()
        for effect in decision.effects:
            self._perform(effect)

    async def _explained(self, event: s.SessionEvent, decision: s.Decision) -> s.Decision:
        """The one place where a failure is explained, just before it is stored."""
        if (failure := s.failure_in(decision)) is None:
            return decision
        clues = self._clues.clues(event, self.record, self.missed)
        explain = self._world.machines.explanations.explain
        return s.with_failure(decision, await explain(failure, self._live, clues=clues, typed=self.typed))

    async def _store(self, event: s.SessionEvent, decision: s.Decision) -> None:
        if decision.to is not None:
            self._know(await self._advance(event, decision.to, decision))
            why = {name: decision.fields[name] for name in s.WHY if name in decision.fields}
            log.info("Session advanced", session_id=self.record.session_id, status=decision.to, **why)
        elif decision.fields:
            self._know(await self._world.sessions.update(self.record.session_id, **decision.fields))
        self._world.feed.publish(self.record.session_id)
        if isinstance(event, s.CredentialSealed):
            self._world.credentials.feed.publish(UserId(self.record.user_id))

    def _know(self, record: SessionRecord) -> None:
        """Keep the newest: a heartbeat's answer may arrive after that of a later step."""
        if record.seq > self.record.seq:
            self.record = record
            self._steps.reached(record)

    async def _advance(
        self, event: s.SessionEvent, to: s.SessionStatus, decision: s.Decision
    ) -> SessionRecord:
        """One transaction: the state, and every field that it promises."""
        sessions, now, seen = self._world.sessions, self._world.clock.now(), self.record.status
        session_id = self.record.session_id
        if isinstance(event, s.MachineRunning) and self._live is not None:
            return await transitions.machine_running(self._world, self.record, self._live, self._page_url)
        if isinstance(event, s.CredentialSealed) and self._credential is not None:
            return await transitions.complete(self._world, self.record, self._credential)
        return await sessions.advance(session_id, seen=seen, to=to, at=now, **decision.fields)

    def _perform(self, effect: s.Effect) -> None:
        match effect:
            case s.Effect.INTRODUCE:
                self._spawn(self._introduce())
            case s.Effect.START_LOGIN:
                self._spawn(self._start_login())
            case s.Effect.CLAIM_CREDENTIAL:
                self._spawn(self._claim())
            case s.Effect.AWAIT_CREDENTIAL:
                self._spawn(self._await_credential())
            case s.Effect.DESTROY_MACHINE:
                pass  # the run is over: winding up destroys the machine

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a stage as a task that this run owns; what it raises becomes the session's failure."""
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before it began

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            if not isinstance(error, VestibuleError):
                log.exception("Stage failed", session_id=self.record.session_id)
            self.post(s.Failed(failure=diagnosis.failure_of(error)))

    async def _start_machine(self) -> None:
        async with contextlib.AsyncExitStack() as turn:
            with self._world.timeline.step(self.record.session_id, StepName.QUEUE):
                waited_s = await turn.enter_async_context(
                    self._world.machines.admission.turn(self.record.session_id)
                )
            if waited_s > NOTICEABLE_S:  # that was not the person's time
                await patiently(self.sign_of_life)
            self._has_turn.set()
            self._live = await self._world.machines.create(
                self.record.user_id,
                session_id=self.record.session_id,
                driver=self.record.driver,
                allow=self._provider.egress.allow,
            )
        self._spawn(self._watch_machine(self._live))
        self.post(s.MachineRunning())

    async def _go_on(self, live: Live) -> None:
        """From where the controller before was broken off; what the agent tells again decides nothing new."""
        self._spawn(self._watch_machine(live))
        self._spawn(self._watch_agent(live))
        self._steps.reached(self.record)
        with contextlib.suppress(MachineFailed):  # an agent that does not answer is told of by its watch
            self._clues.taken_over_at = guest_events.moment((await self._guest().health()).timestamp)
        match self.record.status:
            case s.SessionStatus.VM_CREATED:
                self.post(s.AgentConfirmed(agent_build=live.agent_build))
            case s.SessionStatus.READY:
                await self._start_login()
            case s.SessionStatus.AUTHENTICATING:
                self._spawn(self._follow(self._guest()))
                await self._claim()
            case _:
                self._spawn(self._follow(self._guest()))
                self._spawn(self._complete(live))

    async def _watch_machine(self, live: Live) -> None:
        live.may_pause = lambda: may_pause(self.record.status, self.record.flow)
        raise await self._world.machines.exited(live)

    async def _watch_agent(self, live: Live) -> None:
        raise await self._world.machines.silent(live)

    async def _introduce(self) -> None:
        live = self._running()
        if live.guest is None:  # one of the warm pool has confirmed already
            await self._world.machines.introduce(live)
        self._spawn(self._watch_agent(live))
        self.post(s.AgentConfirmed(agent_build=live.agent_build))

    async def _start_login(self) -> None:
        guest = self._guest()
        await first_picture(self._running())
        self._spawn(self._follow(guest))
        self._spawn(self._complete(self._running()))
        await self._log_in(guest)
        limit_s = self._world.limits.url_s
        await asyncio.sleep(limit_s)
        if self.record.status is s.SessionStatus.READY:
            raise self._others.not_seen(limit_s, await self._screen())

    async def _complete(self, live: Live) -> None:
        """What was left open; asked for after the first picture, which the same processor paints."""
        if live.pending:
            await asyncio.sleep(CHECKS_LATER_S)
        await self._world.machines.complete(live)

    async def _log_in(self, guest: Guest) -> None:
        try:
            await guest.login(login_spec(self._provider, self.record.flow))
        except Conflict as error:
            if error.failure_code != "login_running":  # the controller before has begun it
                raise

    async def _follow(self, guest: Guest) -> None:
        async for event in guest.events():
            await self._heard(dataclasses.replace(event, data=self.typed.hidden(event.data)))

    async def _heard(self, event: Event) -> None:
        self._clues.add(event)
        if (notice := guest_events.notice(event)) is not None:
            await self.notify(*notice)
        if event.type == "other_url":
            await self._refuse_address(guest_events.text(event, "url"))
        if (heard := guest_events.meaning(event, self._provider, self.record.flow)) is not None:
            if isinstance(heard, s.UrlSeen):
                self._world.machines.expose(self._running().record.vm_id)
            self.post(heard)

    async def _refuse_address(self, url: str) -> None:
        told = self._others.add(url)
        if self.record.auth_url is None:
            await self.notify(OTHER_URL, told)

    async def _claim(self) -> None:
        with self._world.timeline.step(self.record.session_id, StepName.CLAIM):
            async with claim_deadline(self._world.limits.claim_s):
                credential = await claimed(self._guest())
        self._steps.sealing()
        self._credential = self._world.credentials.seal(
            self._provider, UserId(self.record.user_id), SessionId(self.record.session_id), credential
        )
        self.post(s.CredentialSealed())

    async def _await_credential(self) -> None:
        await asyncio.sleep(self._world.limits.grace_s)
        self.post(s.GraceOver(screen=await self._screen()))

    async def _screen(self) -> str:
        return guest_events.screen_end(self.typed.hide(await self._guest().screen()))

    async def site_missed(self, verdict: Verdict) -> None:
        """A site could not be reached.  Worth a notice when it is the sign-in page's; others are in the log.

        The browser may try the page before the address has come through as an event.
        """
        self.missed.add(verdict)
        await self._tell_missed()

    async def _tell_missed(self) -> None:
        verdict = self.missed.news_of(urlsplit(self.record.auth_url or "").hostname)
        if verdict is not None and verdict.code is not None:
            await self.notify(verdict.code, f"The sign-in page cannot load: {verdict.cause}")

    async def notify(self, code: str, text: str) -> None:
        """Tell the person something that is not a failure; a final session is left as it is."""
        kept, now = redact_screen(text), self._world.clock.now()
        notice = NoticeRecord(session_id=self.record.session_id, code=code, text=kept, at=now)
        with contextlib.suppress(Conflict):
            await patiently(lambda: self._world.sessions.note(notice))
            self._world.feed.publish(self.record.session_id)

    async def sign_of_life(self) -> SessionRecord:
        """The person is there: the deadline is counted anew."""
        deadline = self._world.clock.now() + dt.timedelta(seconds=self._provider.deadline_s)
        record = await self._world.sessions.update(self.record.session_id, deadline_at=deadline)
        self._know(record)
        self._deadline.move(self._provider.deadline_s)
        return record

    async def _watch_deadline(self) -> None:
        await self._has_turn.wait()
        await self._deadline.passed()
        self.post(s.DeadlinePassed(after_s=self._provider.deadline_s))

    def _running(self) -> Live:
        if self._live is None:
            raise AssertionError("a stage that needs the machine ran before there was one")
        return self._live

    def _guest(self) -> Guest:
        return self._world.machines.guest(self._running().record.vm_id)

    async def _wind_up(self) -> None:
        """End the stages first (one may be starting the machine), then the machine; always whole."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._live is not None and not self._left:
            await asyncio.shield(self._destroy(self._live))

    def leave(self) -> None:
        """The machine is the next controller's: winding up spares it."""
        self._left = True

    async def _destroy(self, live: Live) -> None:
        await self._world.machines.destroy(live.record.vm_id, failure=self._machine_failure())

    def _machine_failure(self) -> MachineFailed | None:
        record = self.record
        if record.status is not s.SessionStatus.FAILED or record.error_code is None:
            return None
        failure = MachineFailed(
            record.error_cause or "", remedy=record.error_remedy or "", code=record.error_code
        )
        failure.evidence.update(record.error_evidence)
        return failure
