"""One QEMU process: its descriptors, its monitor, its end."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from qemu.qmp import EventListener, ExecuteError, Message, QMPClient, QMPError

from vestibule.core.errors import MachineFailed
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.core.machines import Exit, Limits
from vestibule.drivers.machines.control import SocketControl
from vestibule.drivers.machines.qemu.argv import CONTROL_FD, MONITOR_FD
from vestibule.drivers.machines.qemu.settling import settle
from vestibule.services.ports import Network

OVERHEAD_MIB = 512
"""What QEMU itself may use besides the guest's memory: translation cache, device models, stacks."""
_TAIL_BYTES = 16_384
_CONTROL, _MONITOR = "control", "monitor"
"""What is kept of a virtual machine for the next controller."""
_SETTLE_S = 20.0


def tail(log: Path) -> str:
    """The last lines of a log, as evidence."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read().decode(errors="replace")
    return ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Launch:
    """What to run, and with which descriptors besides monitor and control channel."""

    vm_id: VmId
    argv: Sequence[str]
    fds: Mapping[int, int]
    log: Path
    limits: Limits


class QemuProcess:
    """A started QEMU; ``stop`` ends it and frees all it had."""

    def __init__(self, network: Network, launch: Launch) -> None:
        self._network = network
        self._launch = launch
        self._monitor = QMPClient(launch.vm_id)
        self._migration = EventListener("MIGRATION")
        self._monitor.register_listener(self._migration)
        self._control: SocketControl | None = None
        self._wire: socket.socket | None = None
        """A second descriptor of the monitor's socket, to pass descriptors through."""
        self.pid = 0

    @property
    def control(self) -> SocketControl:
        """The hand-over channel."""
        if self._control is None:
            raise RuntimeError("the process was not started")
        return self._control

    async def start(self) -> None:
        """Spawn QEMU and greet its monitor.  Raises MachineFailed with the log's tail."""
        control, control_peer = socket.socketpair()
        monitor, monitor_peer = socket.socketpair()
        self._wire = monitor.dup()
        self._control = SocketControl(control)
        with control_peer, monitor_peer:
            descriptors = {CONTROL_FD: control_peer.fileno(), MONITOR_FD: monitor_peer.fileno()}
            self.pid = await self._network.spawn(
                self._launch.vm_id,
                self._launch.argv,
                fds={**self._launch.fds, **descriptors},
                log=self._launch.log,
                limits=self._host_limits(),
            )
        try:
            await self._monitor.connect(monitor)
        except QMPError as error:
            raise await self._ended(error) from error

    async def keep(self, note: str) -> None:
        """Have the next controller find note, control channel and monitor.  Raises Absent."""
        if self._wire is None:
            raise RuntimeError("the process was not started")
        fds = {_CONTROL: self.control.fileno(), _MONITOR: self._wire.fileno()}
        await self._network.keep(self._launch.vm_id, note, fds)

    async def adopt(self) -> str:
        """Take over what an earlier controller kept; the note.  Raises Absent, MachineFailed."""
        kept = await self._network.adopt(self._launch.vm_id)
        self.pid = kept.pid
        self._control = SocketControl(socket.socket(fileno=kept.fds[_CONTROL]))
        monitor = socket.socket(fileno=kept.fds[_MONITOR])
        self._wire = monitor.dup()
        monitor.setblocking(False)
        # The session was greeted and negotiated by the controller before.
        self._monitor.await_greeting = self._monitor.negotiate = False
        try:
            async with asyncio.timeout(_SETTLE_S):
                await settle(monitor)
            await self._monitor.connect(monitor)
        except (QMPError, OSError) as error:
            raise self.failure(f"QEMU's monitor did not come to rest: {error!r}") from error
        return kept.note

    def _host_limits(self) -> Limits:
        limits = self._launch.limits
        return dataclasses.replace(limits, mem_mib=limits.mem_mib + OVERHEAD_MIB)

    async def _ended(self, error: Exception) -> MachineFailed:
        exit_ = await self._network.wait(self._launch.vm_id)
        cause = f"QEMU ended before its monitor answered ({exit_}): {error}"
        return self.failure(cause, FailureCode.VMM_CRASHED)

    def failure(self, cause: str, code: FailureCode = FailureCode.QEMU_FAILED) -> MachineFailed:
        """A MachineFailed that quotes the console."""
        return MachineFailed(
            cause,
            remedy="Read the console in the evidence; check the host with: vestibule doctor.",
            code=code,
            console=tail(self._launch.log),
        )

    async def execute(self, command: str, arguments: dict[str, Any] | None = None) -> object:
        """One monitor command.  Raises MachineFailed when it is refused or QEMU is gone."""
        try:
            return await self._monitor.execute(command, arguments)
        except (ExecuteError, QMPError) as error:
            raise self.failure(f"QEMU refused {command}: {error}") from error

    async def transfer(self, command: str, state: int, timeout_s: float) -> None:
        """``migrate`` the device state to, or ``migrate-incoming`` it from, an open file.

        Raises MachineFailed when it is refused, fails, or takes longer.
        """
        wanted = ("events", "x-ignore-shared")  # events instead of polling; memory is not part of the state
        await self.execute(
            "migrate-set-capabilities",
            {"capabilities": [{"capability": name, "state": True} for name in wanted]},
        )
        # Not by the library: it reaches into asyncio's own socket class, which uvloop's is not.
        if self._wire is not None:
            socket.send_fds(self._wire, [b" "], [state])
        await self.execute("getfd", {"fdname": "state"})
        await self.execute(command, {"uri": "fd:state"})
        await self._migrated(timeout_s)

    async def _migrated(self, timeout_s: float) -> None:
        """Await the event that a migration, in or out, has completed.  Raises MachineFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                async for event in self._migration:
                    if _migration_done(event, self):
                        return
        except TimeoutError as error:
            raise self.failure(f"the device state was not transferred within {timeout_s:g} s") from error

    async def wait(self) -> Exit:
        """Return when QEMU has ended."""
        return await self._network.wait(self._launch.vm_id)

    async def stop(self) -> None:
        """End QEMU, its namespace and its channels; idempotent."""
        await self._network.destroy(self._launch.vm_id)
        with contextlib.suppress(QMPError, EOFError, OSError):
            await self._monitor.disconnect()
        if self._wire is not None:
            self._wire.close()
        if self._control is not None:
            self._control.close()


def _migration_done(event: Message, process: QemuProcess) -> bool:
    status = cast("dict[str, str]", event["data"])["status"]
    if status == "failed":
        raise process.failure("QEMU could not transfer the device state")
    return status == "completed"
