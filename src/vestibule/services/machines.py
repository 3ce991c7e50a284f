"""Machines: from an address to a confirmed agent, and back to nothing.

::

    create()     address (unique constraint) → row ``creating`` → driver.start
    introduce()  identity over the control channel → build and checks verified → guest
    destroy()    evidence archived → process, namespace, run folder gone → row ``destroyed``

The table is the truth of what should live; this service holds the handles of what does.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from vestibule.core import diagnosis, ids
from vestibule.core.addresses import MachineNetwork
from vestibule.core.errors import Absent, Conflict, HostUnfit, MachineFailed
from vestibule.core.goldens import require_memory
from vestibule.core.ids import GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import (
    DriverName,
    Isolation,
    Limits,
    MachineRecord,
    MachineStatus,
    MachineType,
)
from vestibule.services.capacity import require_room
from vestibule.services.endings import every_step
from vestibule.services.lifetimes import Lifetimes, started_in_time
from vestibule.services.ports import (
    Clock,
    Egress,
    GoldenStore,
    Guest,
    Hold,
    Machine,
    MachineDriver,
    MachineRequest,
    RunFolders,
)
from vestibule.services.repositories import Machines as MachineRows
from vestibule_agent.protocol import CONTRACT, Handover
from vestibule_desktop.messages import PROXY_PORT

log = structlog.get_logger()

ENTROPY_BYTES = 64
TOKEN_BYTES = 32
CLOSE_AGAIN_S = 10.0
CONSOLE_TIMEOUT_S = 5.0
"""A console on a disk that hangs must not keep a failure from being told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """Which driver this host uses when nobody asks for another, and why."""

    driver: DriverName
    isolation: Isolation
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineSettings:
    """What machines are made of."""

    network: MachineNetwork
    limits: Limits
    max_machines: int
    max_machines_per_user: int
    life_s: float
    """Of a machine without a sign-in."""
    confirm_timeout_s: Mapping[DriverName, float]
    host: str


@dataclasses.dataclass(kw_only=True)
class Live:
    """The handles of one machine that runs; ``guest`` once its agent has confirmed."""

    record: MachineRecord
    machine: Machine
    agent_build: str
    agent_files: Mapping[str, str]
    hold: Hold
    """On its golden: what is in use is not collected."""
    guest: Guest | None = None
    random_sample: str = ""
    """Random bytes that the guest drew once it had confirmed, hex: no two machines' are the same."""


GuestFactory = Callable[[Machine, str], Guest]
"""A client of the machine's agent that presents this token."""


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
        rows: MachineRows,
        egress: Egress,
        folders: RunFolders,
        guest_of: GuestFactory,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        """``serving`` names the golden that a driver's machine is started from, or raises why none may be."""
        self.choice = choice
        self._serving = serving
        self._settings = settings
        self._drivers = drivers
        self._goldens = goldens
        self._rows = rows
        self._egress = egress
        self._folders = folders
        self._guest_of = guest_of
        self._clock = clock
        self._random = random
        self._live: dict[VmId, Live] = {}
        self._ending: dict[VmId, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._address_lock = asyncio.Lock()
        self.lifetimes = Lifetimes(settings.life_s)
        self.on_ended: Callable[[], None] = _nobody
        """Called whenever a machine's row was closed."""

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
        """Start a machine; its row is ``creating`` until ``confirm_running``.

        Raises Unavailable (no room), GoldenFailed, HostUnfit, MachineFailed; nothing is left behind then.
        """
        chosen = self.driver(driver)
        hold = self._goldens.hold(await self._serving(chosen.name))
        try:
            live = await self._started(hold, user_id, session_id, chosen)
        except BaseException:
            hold.release()
            raise
        self._live[live.record.vm_id] = live
        try:
            await self._egress.open(live.record.vm_id, await live.machine.listen(PROXY_PORT), allow)
        except BaseException as error:
            await asyncio.shield(self.destroy(live.record.vm_id, failure=error))
            raise
        return live

    async def _started(
        self, hold: Hold, user_id: UserId, session_id: SessionId | None, driver: MachineDriver
    ) -> Live:
        manifest = self._goldens.usable(hold.golden_id)
        require_memory(manifest, self._settings.limits.mem_mib)
        record = await self._reserve(user_id, session_id, driver, manifest.golden_id)
        try:
            starting = driver.start(await self._request(record))
            machine = await started_in_time(starting, driver.isolation)
        except BaseException as error:
            await asyncio.shield(self._abandon(record.vm_id, error))
            raise
        return Live(
            record=record,
            machine=machine,
            agent_build=manifest.agent_build,
            agent_files=manifest.agent_files,
            hold=hold,
        )

    async def _reserve(
        self, user_id: UserId, session_id: SessionId | None, driver: MachineDriver, golden_id: GoldenId
    ) -> MachineRecord:
        async with self._address_lock:  # the constraint decides; the lock only spares retries
            live = await self._rows.live()
            limits = self._settings
            require_room(live, user_id, most=limits.max_machines, most_of_user=limits.max_machines_per_user)
            taken = {row.vm_ip for row in live}
            record = self._record(user_id, session_id, driver, golden_id, taken)
            try:
                await self._rows.add(record)
            except asyncio.CancelledError as error:  # it may have been stored all the same
                await asyncio.shield(self._abandon(record.vm_id, error))
                raise
            return record

    def _record(
        self,
        user_id: UserId,
        session_id: SessionId | None,
        driver: MachineDriver,
        golden_id: GoldenId,
        taken: set[str],
    ) -> MachineRecord:
        return MachineRecord(
            vm_id=ids.vm_id(self._random(ids.RANDOM_BYTES)),
            user_id=user_id,
            session_id=session_id,
            type=MachineType.BROWSER,
            driver=driver.name,
            isolation=driver.isolation,
            status=MachineStatus.CREATING,
            vm_ip=self._settings.network.free(taken),
            golden_id=golden_id,
            agent_build=None,
            host=self._settings.host,
            pid=None,
            pid_started=None,
            error_code=None,
            error_cause=None,
            created_at=self._clock.now(),
            running_at=None,
            ended_at=None,
        )

    async def _request(self, record: MachineRecord) -> MachineRequest:
        network = self._settings.network
        return MachineRequest(
            vm_id=record.vm_id,
            golden_id=record.golden_id,
            address=record.vm_ip,
            gateway=network.gateway,
            cidr=str(network.cidr),
            limits=self._settings.limits,
            run_dir=await self._folders.make(record.vm_id),
        )

    async def _abandon(self, vm_id: VmId, error: BaseException) -> None:
        await every_step(vm_id, lambda: self._folders.archive(vm_id))
        if await every_step(vm_id, lambda: self._close_row(vm_id, error)):
            self._close_row_later(vm_id, error)

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
            await self.introduce(live)
        except BaseException as error:
            await asyncio.shield(self.destroy(live.record.vm_id, failure=error))
            raise
        vm_id = live.record.vm_id
        self.lifetimes.watch(
            vm_id,
            exited=lambda: self.exited(live),
            destroy=lambda failure: self.destroy(vm_id, failure=failure),
        )
        return live

    async def introduce(self, live: Live) -> Guest:
        """Hand the machine its identity and verify the answer.

        Raises MachineFailed with the code that names what is wrong; the caller destroys the machine.
        """
        token = base64.urlsafe_b64encode(self._random(TOKEN_BYTES)).decode()
        timeout_s = self._settings.confirm_timeout_s[live.record.driver]
        reply = await live.machine.control.introduce(self._handover(live.record, token), timeout_s)
        diagnosis.confirm(
            reply, vm_id=live.record.vm_id, agent_build=live.agent_build, agent_files=live.agent_files
        )
        live.record = await self._rows.update(live.record.vm_id, agent_build=reply.build_id)
        live.guest, live.random_sample = self._guest_of(live.machine, token), reply.random_sample
        return live.guest

    def _handover(self, record: MachineRecord, token: str) -> Handover:
        network = self._settings.network
        return Handover(
            contract=CONTRACT,
            vm_id=record.vm_id,
            session_id=record.session_id,
            token=token,
            time_ns=int(self._clock.now().timestamp() * 1e9),
            entropy=base64.b64encode(self._random(ENTROPY_BYTES)).decode(),
            hostname=record.vm_id,
            address=network.with_prefix(record.vm_ip),
            gateway=network.gateway,
        )

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

    async def exited(self, live: Live) -> MachineFailed:
        """Wait for the machine to end by itself; the failure that this is."""
        exit_ = await live.machine.wait()
        return MachineFailed(
            f"The machine ended by itself ({exit_}).",
            remedy="Try again; its console is kept in the evidence folder of this machine.",
            code="machine_exited",
            console=await self.console(live),
        )

    async def console(self, live: Live) -> str:
        """The end of what the machine wrote on its console; empty when it cannot be read in time."""
        try:
            async with asyncio.timeout(CONSOLE_TIMEOUT_S):
                return await self._folders.console_tail(live.record.vm_id)
        except OSError as error:  # a TimeoutError is one
            log.warning("Console could not be read", vm_id=live.record.vm_id, error=repr(error))
            return ""

    async def destroy(self, vm_id: VmId, *, failure: BaseException | None = None) -> None:
        """End a machine and remove all it had but its evidence; idempotent.

        Returns when it is gone, whoever began it; a caller that gives up interrupts nothing.
        """
        live = self._live.pop(vm_id, None)
        if live is not None:
            self._ending[vm_id] = asyncio.create_task(self._end(live, failure))
            self._ending[vm_id].add_done_callback(lambda _: self._ending.pop(vm_id))
        if (ending := self._ending.get(vm_id)) is not None:
            await asyncio.shield(ending)

    async def _end(self, live: Live, failure: BaseException | None) -> None:
        vm_id = live.record.vm_id
        wrong = await every_step(
            vm_id,
            lambda: self._mark(vm_id, MachineStatus.STOPPING),
            lambda: self._egress.close(vm_id),
            live.machine.stop,
            lambda: self._folders.archive(vm_id),
        )
        live.hold.release()
        failure = failure or next(iter(wrong), None)
        if await every_step(vm_id, lambda: self._close_row(vm_id, failure)):
            self._close_row_later(vm_id, failure)
        log.info("Machine destroyed", vm_id=vm_id, failed=failure is not None)

    async def _close_row(self, vm_id: VmId, failure: BaseException | None) -> None:
        now = self._clock.now()
        if failure is None or isinstance(failure, asyncio.CancelledError):  # somebody wanted it to end
            with contextlib.suppress(Absent, Conflict):  # one that never ran has not been marked before
                await self._rows.advance(vm_id, to=MachineStatus.STOPPING)
            await self._mark(vm_id, MachineStatus.DESTROYED, ended_at=now)
            self.on_ended()
            return
        named = diagnosis.failure_of(failure)
        await self._mark(
            vm_id, MachineStatus.FAILED, error_code=named.code, error_cause=named.cause, ended_at=now
        )
        self.on_ended()

    def _close_row_later(self, vm_id: VmId, failure: BaseException | None) -> None:
        """Try until the row is closed: a full disk must not keep an address and a place for ever."""

        async def closed() -> None:
            wrong: object = True  # the first try has failed
            while wrong:
                await asyncio.sleep(CLOSE_AGAIN_S)
                wrong = await every_step(vm_id, lambda: self._close_row(vm_id, failure))

        task = asyncio.create_task(closed())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _mark(self, vm_id: VmId, to: MachineStatus, **fields: object) -> None:
        try:
            await self._rows.advance(vm_id, to=to, **fields)
        except (Absent, Conflict) as error:
            log.warning("Machine could not be marked", vm_id=vm_id, wanted=to, why=error.cause)

    async def destroy_all(self) -> None:
        """End every machine: the controller stops."""
        await self.lifetimes.close()
        for task in self._closing:  # the next start's reconciliation closes the row
            task.cancel()
        await asyncio.gather(*(self.destroy(vm_id) for vm_id in (*self._live, *self._ending)))

    async def of_user(self, user_id: UserId) -> Sequence[MachineRecord]:
        """A user's machines, newest first."""
        return await self._rows.of_user(user_id)

    async def of_owner(self, user_id: UserId, vm_id: VmId) -> MachineRecord:
        """One machine.  Raises Absent when there is none or it is someone else's."""
        record = await self._rows.get(vm_id)
        if record.user_id != user_id:
            raise Absent(f"There is no machine {vm_id}.", remedy="List yours: vestibule vm list.")
        return record

    async def reconcile(self) -> Sequence[MachineRecord]:
        """Rows that claim to live though nothing here holds them: mark them failed, clear their folders.

        Their processes ended with the broker of the controller that started them.
        """
        lost = [row for row in await self._rows.live() if row.vm_id not in self._live]
        for row in lost:
            await self._abandon(row.vm_id, _lost(row))
        await self._folders.clear_except(self._live.keys())
        return lost


def _nobody() -> None:
    """Whom an end is told to when nobody wants to know."""


def _lost(row: MachineRecord) -> MachineFailed:
    return MachineFailed(
        f"The controller that ran {row.vm_id} is gone, and the machine ended with it.",
        remedy="Start again.",
        code="controller_restarted",
    )
