"""The controller's end of the broker: implements the port ``Network``."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import grp
import os
import pwd
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

import structlog

from vestibule.core.errors import Absent, HostUnfit, MachineFailed, SettingsInvalid
from vestibule.core.ids import VmId
from vestibule.core.machines import UNOWNED_ID, Exit, Limits, MachineMemory
from vestibule.drivers.net import messages
from vestibule.drivers.net.cgroups import Cgroups, LimitsReport
from vestibule.drivers.net.confinement import Identity
from vestibule.drivers.net.connection import Connection, find, gone, launch
from vestibule.drivers.net.takeover import Outlive
from vestibule.services.ports import Kept

log = structlog.get_logger()

PROMPT_S = 1.0
"""A broker that runs answers what it needs not wait for in a thousandth of that."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkReport:
    """For doctor: the host's user that machines run as, and what limits them."""

    uid: int
    limits: LimitsReport


def identity_for(machine_uid: int, machine_gid: int) -> Identity | None:
    """Whom machines run as: the given ids when we are root, else ourselves (None).

    Raises SettingsInvalid when a user or group of this host owns one of them.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        raise _owned("machine_uid", machine_uid, pwd.getpwuid(machine_uid).pw_name)
    with contextlib.suppress(KeyError):
        raise _owned("machine_gid", machine_gid, grp.getgrgid(machine_gid).gr_name)
    return Identity(uid=machine_uid, gid=machine_gid)


def _owned(setting: str, number: int, owner: str) -> SettingsInvalid:
    return SettingsInvalid(
        f"{setting} is {number}, which belongs to {owner} on this host",
        remedy=f"Set {setting} to a number that nobody owns; the default is {UNOWNED_ID}.",
    )


class BrokerNetwork:
    """One broker process, found or started by ``start`` (or the first ``create``), ended by ``close``.

    ``identity``: see identity_for.  ``outlive``: that machines with something kept go on after ``leave``, or
    when this process is killed; None, and they end with it.  A broker that died is replaced by the next
    ``create``; its machines died with it, and ``wait`` says so.
    """

    def __init__(self, *, identity: Identity | None, cgroups: Cgroups, outlive: Outlive | None) -> None:
        self._identity = identity
        self._cgroups = cgroups
        self._outlive = outlive
        self._connection: Connection | None = None
        self._starting = asyncio.Lock()
        self._exits: dict[VmId, asyncio.Future[Exit]] = {}
        self._ours: set[VmId] = set()
        """Machines that were created or adopted here."""
        self._has_left = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Find or start the broker unless there is one.

        Raises HostUnfit ``no_user_namespaces``, Conflict ``broker_taken``.
        """
        async with self._starting:
            if await self._find():
                return
            connection = await launch(
                self._identity, self._outlive, on_exit=self._note_exit, on_lost=self._note_loss
            )
            await self._begin(connection)

    async def _attach(self) -> bool:
        """Whether there is a broker, ours or an earlier controller's; none is started."""
        async with self._starting:
            return await self._find()

    async def _find(self) -> bool:
        if self._connection is not None and not self._connection.lost:
            return True
        await self._end_connection()
        if self._outlive is None:
            return False
        found = await find(self._identity, self._outlive, on_exit=self._note_exit, on_lost=self._note_loss)
        if found is not None:
            await self._begin(found)
        return found is not None

    async def _begin(self, connection: Connection) -> None:
        self._connection = connection
        patience_s = self._outlive.patience_s if self._outlive is not None else 0
        await connection.request(lambda number: messages.Patience(number=number, seconds=patience_s))
        self._sweep(await self._census())

    async def close(self) -> None:
        """End every machine and the broker; returns when nothing of them is left."""
        if self._has_left:
            return
        async with self._starting:
            if self._connection is not None and self._outlive is not None:
                self._outlive.door.unlink(missing_ok=True)
            await self._end_connection()
        for vm_id in list(self._ours):
            await self._forget(vm_id)

    async def leave(self) -> None:
        """Leave the machines to the next controller: from now on ``destroy`` and ``close`` do nothing."""
        async with self._starting:
            self._has_left = True
            self._exits.clear()
            self._ours.clear()  # before the connection is lost, or that would be the machines' end
            if self._connection is not None:
                self._connection.leave()
                self._connection = None

    async def report(self) -> NetworkReport:
        """What machines run as, and what limits them.  Raises HostUnfit."""
        await self.start()
        return NetworkReport(uid=self._running().uid, limits=self._cgroups.report())

    async def require_alive(self) -> None:
        """Have the broker answer; one that has gone, or was not needed yet, is started.  Raises HostUnfit."""
        if self._has_left:
            raise gone()
        await self.start()
        await self._census()

    async def answers(self) -> bool:
        """Whether the broker does, within PROMPT_S; none is started."""
        try:
            async with asyncio.timeout(PROMPT_S):
                await self._census()
        except (HostUnfit, TimeoutError):
            return False
        return True

    async def create(self, vm_id: VmId, addresses: Sequence[str]) -> None:
        """See services.ports.Network."""
        await self.start()
        self._ours.add(vm_id)
        done, _fds = await self._running().request(
            lambda number: messages.Create(number=number, vm_id=vm_id, addresses=list(addresses))
        )
        if done.errno:
            raise HostUnfit(
                f"the namespace of {vm_id} could not be made: {os.strerror(done.errno)}",
                remedy="sudo sysctl -w user.max_net_namespaces=15000",
                code="no_network_namespace",
            )

    async def spawn(
        self, vm_id: VmId, argv: Sequence[str], *, fds: Mapping[int, int], log: Path, limits: Limits
    ) -> int:
        """See services.ports.Network.  Raises MachineFailed ``machine_not_started`` when exec fails."""
        self._exits.setdefault(vm_id, asyncio.get_running_loop().create_future())
        self._limit(vm_id, limits)
        with (
            self._cgroups.joining(vm_id) as groups,
            self._cgroups.switch(vm_id) as switch,
            log.open("ab") as file,
        ):
            freezer = [switch[0]] if switch else []
            words = [switch[1].freeze, switch[1].thaw] if switch else []
            done, _fds = await self._running().request(
                lambda number: messages.Spawn(
                    number=number,
                    vm_id=vm_id,
                    argv=list(argv),
                    cgroups=len(groups),
                    freezer=words,
                    targets=list(fds),
                ),
                [file.fileno(), *groups, *freezer, *fds.values()],
            )
        if done.errno:
            await self._forget(vm_id)
            raise _not_started(done, log)
        return done.pid

    async def wait(self, vm_id: VmId) -> Exit:
        """See services.ports.Network.  A broker that died took the machine with it: signal 9."""
        exit_ = self._exits.get(vm_id)
        return await asyncio.shield(exit_) if exit_ else Exit(code=None, signal=signal.SIGKILL)

    def memory(self, vm_id: VmId) -> MachineMemory | None:
        """What the kernel has counted of the machine's memory; None when it has no control group for that."""
        return self._cgroups.memory(vm_id)

    async def connect(self, vm_id: VmId, host: str, port: int) -> socket.socket:
        """See services.ports.Network; the socket is non-blocking."""
        stream = await self._socket(lambda number: messages.Open(number=number, vm_id=vm_id))
        try:
            await asyncio.get_running_loop().sock_connect(stream, (host, port))
        except BaseException:
            stream.close()
            raise
        return stream

    async def listen(self, vm_id: VmId, host: str, port: int) -> socket.socket:
        """See services.ports.Network; the socket is non-blocking.  Raises OSError, as bind(2) does."""
        return await self._socket(
            lambda number: messages.Listen(number=number, vm_id=vm_id, host=host, port=port)
        )

    async def destroy(self, vm_id: VmId) -> None:
        """See services.ports.Network; returns when no process and no control group is left."""
        if self._has_left:
            return
        connection = self._connection
        if connection is not None and not connection.lost:
            with contextlib.suppress(HostUnfit):  # a broker that goes meanwhile takes the machine with it
                await connection.request(lambda number: messages.Destroy(number=number, vm_id=vm_id))
        await self._forget(vm_id)

    async def keep(self, vm_id: VmId, note: str, fds: Mapping[str, int]) -> None:
        """See services.ports.Network.

        Raises Absent when the machine is being ended, ValueError above messages.MAX_PACKET_BYTES.
        """
        done, _fds = await self._running().request(
            lambda number: messages.Keep(number=number, vm_id=vm_id, note=note, names=list(fds)),
            list(fds.values()),
        )
        if done.errno:
            raise _absent(vm_id, "is being ended")

    async def adopt(self, vm_id: VmId) -> Kept:
        """See services.ports.Network.

        Of a machine that ended while there was no controller, the Absent has ``exit`` in its evidence, and
        ``wait`` tells it until ``destroy`` or ``end_orphans``.
        """
        if not await self._attach():
            raise _absent(vm_id, "does not run any more")
        exit_ = self._exits.setdefault(vm_id, asyncio.get_running_loop().create_future())
        done, fds = await self._running().request(lambda number: messages.Adopt(number=number, vm_id=vm_id))
        if done.errno:
            if exit_.done():
                raise _absent(
                    vm_id, f"ended while there was no controller ({exit_.result()})", exit_.result()
                )
            del self._exits[vm_id]
            raise _absent(vm_id, "was not kept" if done.errno == errno.ENODATA else "does not run any more")
        self._ours.add(vm_id)
        self._cgroups.adopt(vm_id, done.pid)
        return Kept(pid=done.pid, note=done.note, fds=dict(zip(done.names, fds, strict=True)))

    async def end_orphans(self) -> Sequence[VmId]:
        """See services.ports.Network.  Where no broker is, none is started."""
        if not await self._attach():
            return []
        there = await self._census()
        orphans = [vm_id for vm_id in there if vm_id not in self._ours]
        await asyncio.gather(*(self.destroy(vm_id) for vm_id in orphans))
        self._sweep(there)
        return orphans

    async def pause(self, vm_id: VmId) -> None:
        """See services.ports.Network."""
        await self._pause(vm_id, lambda number: messages.Pause(number=number, vm_id=vm_id))

    async def resume(self, vm_id: VmId) -> None:
        """See services.ports.Network."""
        await self._pause(vm_id, lambda number: messages.Resume(number=number, vm_id=vm_id))

    async def _pause(self, vm_id: VmId, make: Callable[[int], messages.Request]) -> None:
        done, _fds = await self._running().request(make)
        if done.errno:
            raise MachineFailed(
                f"the machine {vm_id} could not {done.stage}: {os.strerror(done.errno)}",
                remedy="Start again; see what this host lacks: vestibule doctor",
                code="machine_not_paused",
            )

    async def _census(self) -> Sequence[VmId]:
        """The machines of the broker, whoever started them."""
        done, _fds = await self._running().request(lambda number: messages.Census(number=number))
        return [VmId(name) for name in done.names]

    def _sweep(self, there: Iterable[VmId]) -> None:
        self._cgroups.sweep(self._ours.union(there))

    def _running(self) -> Connection:
        if self._connection is None or self._connection.lost:
            raise gone()
        return self._connection

    async def _socket(self, make: Callable[[int], messages.Request]) -> socket.socket:
        done, fds = await self._running().request(make)
        if done.errno == errno.ESRCH:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "the machine has no network namespace any more")
        if done.errno:
            raise OSError(done.errno, os.strerror(done.errno))
        stream = socket.socket(fileno=fds[0])
        stream.setblocking(False)
        return stream

    def _limit(self, vm_id: VmId, limits: Limits) -> None:
        try:
            self._cgroups.create(vm_id, limits)
        except OSError as error:
            raise HostUnfit(
                f"the control group of {vm_id} could not be made: {error}",
                remedy="See which limits this host allows: vestibule doctor",
                code="no_control_group",
            ) from error

    async def _end_connection(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _forget(self, vm_id: VmId) -> None:
        self._settle(vm_id, Exit(code=None, signal=signal.SIGKILL))
        self._exits.pop(vm_id, None)
        self._ours.discard(vm_id)
        try:
            await self._cgroups.remove(vm_id)
        except OSError as error:  # the machine has ended all the same; the next start sweeps
            log.warning("Control group left behind", vm_id=vm_id, error=str(error))

    def _note_exit(self, exited: messages.Exited) -> None:
        self._settle(VmId(exited.vm_id), Exit(code=exited.code, signal=exited.signal))

    def _note_loss(self) -> None:
        for vm_id in self._ours:
            self._cgroups.thaw(vm_id)
            self._settle(vm_id, Exit(code=None, signal=signal.SIGKILL, broker_lost=True))

    def _settle(self, vm_id: VmId, exit_: Exit) -> None:
        future = self._exits.get(vm_id)
        if future is not None and not future.done():
            future.set_result(exit_)


def _absent(vm_id: VmId, why: str, exit_: Exit | None = None) -> Absent:
    return Absent(
        f"The machine {vm_id} {why}.",
        remedy="Start again.",
        code="machine_absent",
        **({"exit": str(exit_)} if exit_ else {}),
    )


def _not_started(done: messages.Done, log: Path) -> MachineFailed:
    return MachineFailed(
        f"the machine's program did not start ({done.stage}): {os.strerror(done.errno)}",
        remedy="See what this host lacks: vestibule doctor",
        code="machine_not_started",
        stage=done.stage,
        errno=errno.errorcode.get(done.errno, str(done.errno)),
        log=str(log),
    )
