"""A machine that only pretends: the fake that ships, for tests of services, API and dashboard.

It keeps the contracts of a real one (hand-over, the agent's HTTP, RFB, exit) without a process: its agent
answers on socket pairs in the controller's own event loop.  The same contract suite runs against it and
against the real drivers.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Self

from vestibule.core.errors import Absent, MachineFailed, VestibuleError
from vestibule.core.ids import VmId
from vestibule.core.machines import DriverName, Exit, Isolation
from vestibule.drivers.machines.fake_agent import FakeAgent, Script
from vestibule.drivers.proc import start_ticks
from vestibule.services.ports import MachineRequest
from vestibule_agent.protocol import AGENT_PORT, Check, Handover, HandoverReply

CHECKS = ("desktop", "browser", "vnc", "clock", "random", "hostname", "address")


class FakeControl:
    """Confirms at once, as ``script`` says."""

    def __init__(self, agent: FakeAgent, script: Script) -> None:
        self._agent = agent
        self._script = script

    async def introduce(self, handover: Handover, timeout_s: float) -> HandoverReply:
        """See services.ports.ControlChannel."""
        if self._script.silent:
            raise MachineFailed(
                f"the agent did not answer the hand-over within {timeout_s:g} s",
                remedy="Read its evidence (console, agent log).",
                code="no_identity_ack",
            )
        self._agent.take_identity(handover.vm_id, handover.token)
        return HandoverReply(
            contract=self._script.contract,
            vm_id=handover.vm_id,
            build_id=self._script.agent_build,
            random_sample=self._script.random_sample or os.urandom(32).hex(),
            checks=[
                Check(name=name, ok=name != self._script.failing_check, detail="fake") for name in CHECKS
            ],
            files=dict(self._script.agent_files),
        )


class FakeMachine:
    """A started fake; ``agent`` lets a test play the person in front of it."""

    def __init__(self, script: Script) -> None:
        self.agent = FakeAgent(script)
        self.control = FakeControl(self.agent, script)
        self.pid = os.getpid()
        self.pid_started = start_ticks(os.getpid()) or 0
        self.note: str | None = None
        """What was kept for the next controller; None for a machine that ends with this one."""
        self.paused = False
        self.is_warm = asyncio.Event()
        self.is_warm.set()
        self._unserved: list[socket.socket] = []
        """Connections that were made while it was paused."""
        self._exit: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._listening: dict[int, socket.socket] = {}

    async def connect(self, port: int) -> socket.socket:
        """See services.ports.Machine."""
        if self._exit.done() or port != AGENT_PORT:
            raise ConnectionRefusedError(f"nothing listens on port {port} of the fake machine")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        if self.paused:
            self._unserved.append(theirs)
            return ours
        try:
            await self.agent.serve(theirs)
        except BaseException:  # whoever asked was cancelled
            ours.close()
            raise
        return ours

    async def listen(self, port: int) -> socket.socket:
        """See services.ports.Machine; an unnamed UNIX socket, for nothing may listen on the host."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind("")
        listener.listen()
        listener.setblocking(False)
        self._listening[port] = listener
        return listener

    async def dial(self, port: int) -> socket.socket:
        """What a program in the guest does: connect to a port that the controller listens on."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.setblocking(False)
        await asyncio.get_running_loop().sock_connect(stream, self._listening[port].getsockname())
        return stream

    def end(self, exit_: Exit) -> None:
        """Let the machine end by itself."""
        if not self._exit.done():
            self._exit.set_result(exit_)

    async def wait(self) -> Exit:
        """See services.ports.Machine."""
        return await asyncio.shield(self._exit)

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self._exit.done()

    async def warm(self) -> None:
        """See services.ports.Machine."""
        await self.is_warm.wait()

    async def keep(self, note: str) -> None:
        """See services.ports.Machine."""
        self.note = note

    async def pause(self) -> None:
        """See services.ports.Machine."""
        self.paused = True

    async def resume(self) -> None:
        """See services.ports.Machine."""
        self.paused = False
        while self._unserved:
            await self.agent.serve(self._unserved.pop(0))

    async def stop(self) -> None:
        """See services.ports.Machine."""
        self.end(Exit(code=None, signal=15))
        while self._unserved:
            self._unserved.pop().close()
        await self.agent.close()


class FakeMachineDriver:
    """Starts fakes; ``machines`` are those that were started, for a test to look at."""

    def __init__(
        self, script: Callable[[], Script] = Script, *, start_error: VestibuleError | None = None
    ) -> None:
        self.name = DriverName.FAKE
        self.isolation = Isolation.CONTAINER
        self.machines: dict[VmId, FakeMachine] = {}
        self._script = script
        self._start_error = start_error

    @classmethod
    def of_build(cls, agent_build: str) -> Self:
        """A driver whose machines confirm the build that the controller expects."""
        return cls(lambda: Script(agent_build=agent_build))

    async def start(self, request: MachineRequest) -> FakeMachine:
        """See services.ports.MachineDriver."""
        if self._start_error is not None:
            raise self._start_error
        machine = FakeMachine(self._script())
        self.machines[request.vm_id] = machine
        return machine

    async def adopt(self, request: MachineRequest) -> tuple[FakeMachine, str]:
        """See services.ports.MachineDriver; a later controller is given the same driver."""
        machine = self.machines.get(request.vm_id)
        if machine is None or machine.ended or machine.note is None:
            raise Absent(
                f"The machine {request.vm_id} does not run any more.",
                remedy="Start again.",
                code="machine_absent",
            )
        await machine.resume()
        return machine, machine.note
