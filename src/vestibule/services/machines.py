"""Machines: from an address to a confirmed agent, and back to nothing.

::

    create()     address (unique constraint) → row ``creating`` → driver.start
    introduce()  identity over the control channel → build and checks verified → guest
    destroy()    evidence archived → process, namespace, run folder gone → row ``destroyed``

The table is the truth of what should live; this service holds the handles of what does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from vestibule.core.errors import Absent, Conflict, HostUnfit, MachineFailed
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import (
    DriverName,
    MachineRecord,
    MachineStatus,
)
from vestibule.core.pressure import Pressure
from vestibule.core.steps import StepName
from vestibule.services import machine_steps
from vestibule.services.admission import Admission
from vestibule.services.adoption import Adoption, Note
from vestibule.services.endings import every_step
from vestibule.services.evidence import Evidence
from vestibule.services.explanations import Explanations
from vestibule.services.golden_ports import GoldenStore
from vestibule.services.introductions import GuestFactory, Introductions, Live
from vestibule.services.late_checks import made_up_for
from vestibule.services.lifetimes import Lifetimes
from vestibule.services.liveness import Liveness
from vestibule.services.machine_rows import MachineRows
from vestibule.services.machine_settings import Choice, MachineSettings
from vestibule.services.patience import patiently
from vestibule.services.pausing import Pausing
from vestibule.services.ports import Clock, Egress, Guest, MachineDriver, RunFolders
from vestibule.services.racing import first_of
from vestibule.services.repositories import Machines as Rows
from vestibule.services.restarts import Restarts
from vestibule.services.starts import Starts
from vestibule.services.timeline import Timeline, ending_of
from vestibule.services.waking_guest import WakingGuest
from vestibule.services.warm_pool import WarmPool
from vestibule.services.warm_starts import WarmStarts
from vestibule_desktop.messages import PROXY_PORT

log = structlog.get_logger()


class Machines:
    """One per controller; lives as long as it does."""

    def __init__(
        self,
        *,
        settings: MachineSettings,
        choice: Choice,
        drivers: Mapping[DriverName, MachineDriver],
        goldens: GoldenStore,
        serving: Callable[[DriverName], Awaitable[GoldenId]],
        rows: Rows,
        admission: Admission,
        pausing: Pausing,
        egress: Egress,
        folders: RunFolders,
        evidence: Evidence,
        guest_of: GuestFactory,
        pressure: Callable[[], Pressure],
        reachable: Callable[[], Awaitable[bool]],
        clock: Clock,
        random: Callable[[int], bytes],
        timeline: Timeline,
    ) -> None:
        """``serving`` names the golden that a driver's machine is started from, or raises why none may be.

        ``reachable``: see Liveness.
        """
        self.choice = choice
        self.admission = admission
        self.pausing = pausing
        self._settings = settings
        self._drivers = drivers
        self._rows = rows
        self._records = MachineRows(
            settings=settings, rows=rows, admission=admission, pressure=pressure, clock=clock, random=random
        )
        self._starts = Starts(
            settings=settings,
            goldens=goldens,
            serving=serving,
            records=self._records,
            folders=folders,
            timeline=timeline,
        )
        self._introductions = Introductions(settings=settings, guest_of=guest_of, clock=clock, random=random)
        self._egress = egress
        self._folders = folders
        self._clock = clock
        self.explanations = Explanations(evidence, self._records.began)
        self._live: dict[VmId, Live] = {}
        self._ending: dict[VmId, asyncio.Task[None]] = {}
        self._timeline = timeline
        self._liveness = Liveness(limit_s=settings.liveness_s, pressure=pressure, reachable=reachable)
        self.lifetimes = Lifetimes(settings.life_s)
        self._on_destroyed: Callable[[MachineRecord, str | None], None] = _nobody
        self.warm_pool = WarmPool(
            size=settings.warm_machines,
            driver=lambda: self.driver(None),
            serving=serving,
            rows=rows,
            starts=self._starts,
            admission=admission,
            pausing=pausing,
            timeline=timeline,
            clock=clock,
            begin=self._records.begin,
            take=self._take,
            destroy=self._destroy_failed,
        )
        self.warm_starts = WarmStarts(
            pool=self.warm_pool,
            pausing=pausing,
            egress=egress,
            timeline=timeline,
            introduce=self.introduce,
            destroy=self._destroy_failed,
        )

        self.restarts = Restarts(
            rows=rows,
            adoption=Adoption(
                settings=settings, driver=self.driver, goldens=goldens, folders=folders, guest_of=guest_of
            ),
            pausing=pausing,
            starts=self._starts,
            folders=folders,
            held=lambda: self.held,
            take=self._with_way_out,
            watch=self._watch,
        )

    def tell_destroyed(self, on_destroyed: Callable[[MachineRecord, str | None], None]) -> None:
        """Have ``on_destroyed`` told every machine that is gone, with the code of its failure."""
        self._on_destroyed = on_destroyed

    def tell_ends(self, on_ended: Callable[[], None]) -> None:
        """Have ``on_ended`` called whenever a machine's row was closed."""
        self._records.on_ended = on_ended

    def driver(self, name: DriverName | None) -> MachineDriver:
        """The driver asked for, or the host's choice.  Raises HostUnfit when it is not usable here."""
        wanted = name or self.choice.driver
        try:
            return self._drivers[wanted]
        except KeyError:
            raise HostUnfit(
                f"The driver {wanted} cannot be used on this host.",
                remedy="Run vestibule doctor: it names what is missing.",
                code="driver_unavailable",
            ) from None

    async def create(
        self,
        user_id: UserId,
        *,
        session_id: SessionId | None,
        driver: DriverName | None,
        allow: Sequence[str],
    ) -> Live:
        """A machine of one's own; its row is ``creating`` until ``confirm_running``.

        One of the warm pool has confirmed already; another is started now, or once there is room for one
        where a warm one was promised and is gone.  Raises Unavailable (no room), GoldenFailed, HostUnfit,
        MachineFailed; nothing is left behind then.
        """
        chosen = self.driver(driver)
        if (warm := await self.warm_starts.start(user_id, session_id, chosen, allow)) is not None:
            return warm
        if session_id is not None:
            await self.admission.turn_anew(session_id)
        live = await self._starts.start(user_id, session_id, chosen)
        return await self._with_way_out(live, allow)

    def _take(self, live: Live) -> None:
        self._live[live.record.vm_id] = live
        self.pausing.add(live)

    async def _with_way_out(self, live: Live, allow: Sequence[str]) -> Live:
        self._take(live)
        try:
            await self._egress.open(live.record.vm_id, await live.machine.listen(PROXY_PORT), allow)
        except BaseException as error:
            await asyncio.shield(self.destroy(live.record.vm_id, failure=error))
            raise
        return live

    def running_fields(self, live: Live) -> dict[str, object]:
        """Columns of ``vms`` that the state ``running`` promises."""
        return {
            "pid": live.machine.pid,
            "pid_started": live.machine.pid_started,
            "running_at": self._clock.now(),
        }

    async def confirm_running(self, live: Live) -> None:
        """``creating`` → ``running`` for a machine without a session; with one, both rows move together."""
        live.record = await self._rows.advance(
            live.record.vm_id, to=MachineStatus.RUNNING, **self.running_fields(live)
        )

    async def start(self, user_id: UserId, *, driver: DriverName | None) -> Live:
        """A confirmed machine without a sign-in, that may reach nothing; ended after ``life_s``.

        Raises as ``create`` and ``introduce`` do; nothing is left behind then.
        """
        live = await self.create(user_id, session_id=None, driver=driver, allow=())
        try:
            await self.confirm_running(live)
            if live.guest is None:
                await self.introduce(live)
            await self.complete(live)
        except MachineFailed as error:
            told = await self.explanations.of_machine(error, live)
            await asyncio.shield(self.destroy(live.record.vm_id, failure=told))
            raise told from error
        except BaseException as error:
            await asyncio.shield(self.destroy(live.record.vm_id, failure=error))
            raise
        self._watch(live)
        return live

    async def complete(self, live: Live) -> None:
        """Wait for what its confirmation left open.  Raises MachineFailed; the caller ends the machine."""
        if not live.pending:
            return
        limit_s = self._settings.confirm_timeout_s[live.record.driver]
        guest = self.guest(live.record.vm_id)
        await made_up_for(live, guest, limit_s=limit_s, seconds=time.monotonic)
        await self._keep(live)

    def _watch(self, live: Live) -> None:
        vm_id = live.record.vm_id
        live.may_pause = lambda: True
        self.lifetimes.watch(
            vm_id,
            exited=lambda: self._explained_end(live),
            destroy=lambda failure: self.destroy(vm_id, failure=failure),
            lived_s=(self._clock.now() - live.record.begun_at).total_seconds(),
        )

    async def _explained_end(self, live: Live) -> MachineFailed:
        found = await first_of(self.exited(live), self.silent(live))
        return await self.explanations.of_machine(found, live)

    async def introduce(self, live: Live) -> Guest:
        """Hand the machine its identity and verify the answer.

        Raises MachineFailed with the code that names what is wrong; the caller destroys the machine.
        """
        with self._timeline.step(machine_steps.subject(live.record), StepName.CONFIRM):
            guest, reply = await self._introductions.introduce(live)
        confirmed = {"agent_build": reply.build_id}
        live.record = await patiently(lambda: self._rows.update(live.record.vm_id, **confirmed))
        self.admission.wake()
        live.guest = WakingGuest(guest, live.record.vm_id, self.pausing)
        live.random_sample = reply.random_sample
        live.settled.set()
        await self._keep(live)
        return live.guest

    async def note_typed(self, vm_id: VmId, typed: tuple[str, ...]) -> None:
        """Have the next controller hide these texts, too."""
        live = self.live(vm_id)
        live.typed = typed
        await self._keep(live)

    async def _keep(self, live: Live) -> None:
        """From now on the machine may outlive this controller."""
        try:
            await live.machine.keep(Note.of(live).encode())
        except Absent as error:  # it has ended meanwhile: that is told where its exit is awaited
            log.info("Nothing is kept of the machine", vm_id=live.record.vm_id, why=error.cause)

    def live(self, vm_id: VmId) -> Live:
        """The handles of a running machine.  Raises Absent when it does not run."""
        try:
            return self._live[vm_id]
        except KeyError:
            raise Absent(
                f"The machine {vm_id} does not run.", remedy="Start a new session.", code="machine_absent"
            ) from None

    def guest(self, vm_id: VmId) -> Guest:
        """The agent of a confirmed machine.  Raises Absent, or Conflict when it is not confirmed yet."""
        guest = self.live(vm_id).guest
        if guest is None:
            raise Conflict(
                f"The agent of {vm_id} has not confirmed itself yet.",
                remedy="Wait for the session to be ready.",
                code="machine_unconfirmed",
            )
        return guest

    async def confirmed(self, vm_id: VmId) -> Guest:
        """The agent of a machine, once it has confirmed itself.  Raises Absent when it ends before."""
        live = self.live(vm_id)
        live.looked_for.set()
        await live.settled.wait()
        return self.guest(vm_id)

    def pictured(self, vm_id: VmId) -> None:
        """Somebody has seen a first frame of its desktop."""
        if (live := self._live.get(vm_id)) is not None:
            live.pictured.set()

    async def exited(self, live: Live) -> MachineFailed:
        """Wait for the machine to end by itself; the failure that this is."""
        exit_ = await live.machine.wait()
        return MachineFailed(
            f"The machine ended by itself ({exit_}).",
            remedy="Try again; its console is kept in the evidence folder of this machine.",
            code="machine_exited",
        )

    def expose(self, vm_id: VmId) -> None:
        """From now on something of the person's may be on its desktop."""
        if (live := self._live.get(vm_id)) is not None:
            live.private = True

    async def silent(self, live: Live) -> MachineFailed:
        """Wait for the agent of a confirmed machine to answer nothing any more; the failure that this is."""
        return await self._liveness.silent(live, self.guest(live.record.vm_id))

    async def destroy(self, vm_id: VmId, *, failure: BaseException | None = None) -> None:
        """End a machine and remove all it had but its evidence; idempotent.

        Returns when it is gone, whoever began it; a caller that gives up interrupts nothing.
        """
        live = self._live.pop(vm_id, None)
        if live is not None:
            live.settled.set()
            self._ending[vm_id] = asyncio.create_task(self._end(live, failure))
            self._ending[vm_id].add_done_callback(lambda _: self._ending.pop(vm_id))
        if (ending := self._ending.get(vm_id)) is not None:
            await asyncio.shield(ending)

    async def _destroy_failed(self, vm_id: VmId, failure: BaseException | None) -> None:
        await self.destroy(vm_id, failure=failure)

    async def _end(self, live: Live, failure: BaseException | None) -> None:
        vm_id = live.record.vm_id
        step = self._timeline.begin(machine_steps.subject(live.record), StepName.DESTROY)
        self.pausing.forget(vm_id)
        wrong = await every_step(
            vm_id,
            lambda: self._records.mark(vm_id, MachineStatus.STOPPING),
            lambda: self._egress.close(vm_id),
            live.machine.stop,
            lambda: self._folders.archive(vm_id, (live.token, *live.typed)),
        )
        live.hold.release()
        self._timeline.end(step, ending_of(next(iter(wrong), None)))
        failure = failure or next(iter(wrong), None)
        await self._records.close(vm_id, failure)
        machine_steps.finish(self._timeline, live.record, failure)
        self._on_destroyed(live.record, ending_of(failure)[1])
        log.info("Machine destroyed", vm_id=vm_id, failed=failure is not None)

    async def destroy_all(self) -> None:
        """End every machine: the controller stops."""
        await self.lifetimes.close()
        self._records.give_up()
        await asyncio.gather(*(self.destroy(vm_id) for vm_id in (*self._live, *self._ending)))

    async def leave(self) -> None:
        """Let every machine go, as it is, to the next controller."""
        await self.lifetimes.close()
        await self.warm_pool.drain()
        self._records.give_up()
        for vm_id, live in tuple(self._live.items()):
            self.pausing.forget(vm_id)
            await self._egress.close(vm_id)
            live.hold.release()
        self._live.clear()

    async def of_user(self, user_id: UserId) -> Sequence[MachineRecord]:
        """A user's machines, newest first."""
        return await self._rows.of_user(user_id)

    async def of_owner(self, user_id: UserId | None, vm_id: VmId) -> MachineRecord:
        """One machine, with None anybody's.  Raises Absent when there is none or it is someone else's."""
        record = await self._rows.get(vm_id)
        if user_id is not None and record.user_id != user_id:
            raise Absent(f"There is no machine {vm_id}.", remedy="List yours: vestibule vm list.")
        return record

    def secrets_of(self, vm_id: VmId) -> tuple[str, ...] | None:
        """Known texts that no log of it may show; None when it does not run here."""
        live = self._live.get(vm_id)
        return None if live is None else (live.token, *live.typed)

    @property
    def running(self) -> Sequence[Live]:
        """The machines that run here."""
        return tuple(self._live.values())

    @property
    def held(self) -> frozenset[VmId]:
        """The machines that are being started, run or are being ended here."""
        return frozenset((*self._starts.under_way, *self._live, *self._ending, *self._records.closing))

    async def close_lost(self, vm_id: VmId, failure: MachineFailed) -> None:
        """Close the row of a machine that nothing runs, and archive its folder."""
        await self._starts.abandon(vm_id, failure)


def _nobody(_record: MachineRecord, _code: str | None) -> None:
    """Whom an end is told to when nobody wants to know."""
