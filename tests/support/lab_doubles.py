"""What stands for a host in a lab: machines, egress, its memory, and stores that tell what they do."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import socket
from collections.abc import Callable, Sequence
from typing import Any

from vestibule.core.admission import Room, Rules
from vestibule.core.ids import SessionId, VmId
from vestibule.core.machines import MachineMemory
from vestibule.core.pressure import Pressure
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.metered import MeteredSessions
from vestibule.drivers.machines.fake import FakeMachine, FakeMachineDriver
from vestibule.drivers.machines.fake_agent import Script
from vestibule.drivers.run_folders import CONSOLE
from vestibule.services.meter import Meter
from vestibule.services.ports import MachineRequest

CONSOLE_TEXT = "vestibule: fake console\n"


class LabDriver(FakeMachineDriver):
    """Fakes that leave a console; ``gate``, when there is one, is what their start waits for."""

    def __init__(self, script: Callable[[], Script], journal: list[str]) -> None:
        super().__init__(script)
        self.gate: asyncio.Event | None = None
        self.starting = asyncio.Event()
        self.started = asyncio.Event()
        self.requests: list[MachineRequest] = []
        self._journal = journal

    def refuse(self, error: Any) -> None:
        """From now on no machine starts."""
        self._start_error = error

    async def start(self, request: MachineRequest) -> FakeMachine:
        self.requests.append(request)
        self.starting.set()
        if self.gate is not None:
            await self.gate.wait()
        (request.run_dir / CONSOLE).write_text(CONSOLE_TEXT)
        machine = await super().start(request)
        stop = machine.stop

        async def noted() -> None:
            self._journal.append("machine stopped")
            await stop()

        machine.stop = noted  # type: ignore[method-assign]  # watched, not changed
        self.started.set()
        return machine


ROOMY = Rules(
    max_machines=4,
    max_machines_per_user=4,
    max_starts=4,
    need_mib=100,
    reserve_mib=500,
    max_memory_pressure=10,
    max_cpu_pressure=90,
)


class Host:
    """What the host has, and counts of its own shortage; ``moment`` is what its steady clock shows, in s."""

    def __init__(self) -> None:
        self.pressure = Pressure(reclaims=0, oom_kills=0, stalled_s=0.0, load=0.5)
        self.room = Room(available_mib=10_000, memory_pressure=0.0, cpu_pressure=0.0)
        self.moment = 0.0
        self.machine_memory: MachineMemory | None = None
        """What it counts of every machine."""
        self.broker_answers = True

    async def answers(self) -> bool:
        return self.broker_answers

    def seconds(self) -> float:
        return self.moment

    def runs_out_of_memory(self) -> None:
        """And kills something for it."""
        self.pressure = dataclasses.replace(self.pressure, reclaims=9, oom_kills=1)


class Egress:
    """Port ``Egress``: knows what is open, and for whom."""

    def __init__(self) -> None:
        self.open_for: dict[VmId, socket.socket] = {}
        self.allowed: dict[VmId, Sequence[str]] = {}
        self.error: Exception | None = None

    async def open(self, vm_id: VmId, listener: socket.socket, allow: Sequence[str]) -> None:
        self.open_for[vm_id], self.allowed[vm_id] = listener, allow
        if self.error is not None:
            raise self.error

    async def close(self, vm_id: VmId) -> None:
        listener = self.open_for.pop(vm_id, None)
        if listener is not None:
            listener.close()


class JournaledSessions(MeteredSessions):
    """Notes when a session has ended; ``failing`` makes the next steps fail, as a full disk would."""

    def __init__(self, database: Database, meter: Meter, journal: list[str]) -> None:
        super().__init__(database, meter)
        self.failing: Exception | None = None
        self._journal = journal

    async def advance(
        self,
        session_id: SessionId,
        *,
        seen: SessionStatus,
        to: SessionStatus,
        at: dt.datetime,
        **fields: object,
    ) -> SessionRecord:
        if self.failing is not None:
            raise self.failing
        record = await super().advance(session_id, seen=seen, to=to, at=at, **fields)
        if to in FINAL:
            self._journal.append(f"stored {to}")
        return record

    async def complete(self, session_id: SessionId, credential: Any, **step: Any) -> SessionRecord:
        record = await super().complete(session_id, credential, **step)
        self._journal.append("stored completed")
        return record
