"""Evidence of a machine that failed: asked for everywhere at once, each within a deadline of its own.

::

                 ┌ its end            a moment, if its agent fell silent
                 ├ console, memory, host's pressure
    failure ─▶   ├ agent: checks      if it ever answered          ─▶ Observation ─▶ core.diagnosis
                 ├ agent: screen
                 └ desktop: picture   unless it may show something of the person's

Never raises, and holds an end up for ``LONGEST_S`` at most: who waits for a failure is a person.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

import structlog

from vestibule.core import console
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.core.machines import Exit, MachineMemory
from vestibule.core.observations import Observation
from vestibule.core.pictures import Picture
from vestibule.core.pressure import Pressure
from vestibule.core.sessions import Failure
from vestibule.services.guest_events import screen_end
from vestibule.services.introductions import Live
from vestibule.services.ports import Desktop, Guest

log = structlog.get_logger()

T = TypeVar("T")

EXIT_GRACE_S = 2.0
"""How long after its agent fell silent a machine may take to be known as ended."""
FILES_S = 1.0
SCREEN_S = 1.0
CHECKS_S = 2.8
"""An agent looks at a desktop that is not there for two seconds before it says so."""
PICTURE_S = 2.0
LONGEST_S = 3.0
CONSOLE_LINES = 400

_SILENCE = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.NO_IDENTITY_ACK})
_ENDED = frozenset({FailureCode.MACHINE_EXITED, FailureCode.QEMU_FAILED, FailureCode.VMM_CRASHED})

OpenDesktop = Callable[[socket.socket], contextlib.AbstractAsyncContextManager[Desktop]]


class EvidenceFolders(Protocol):
    """Where consoles are, and where evidence is kept of each machine."""

    async def console_tail(self, vm_id: VmId, lines: int = 40) -> str:
        """The end of the machine's console, live or archived; empty when there is none."""
        ...

    async def keep_picture(self, vm_id: VmId, picture: Picture) -> str:
        """Keep a picture of its desktop; the file's path."""
        ...


class Evidence:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        folders: EvidenceFolders,
        memory: Callable[[VmId], MachineMemory | None],
        pressure: Callable[[], Pressure],
        open_desktop: OpenDesktop,
    ) -> None:
        """``memory`` reads what the kernel counted of a machine, ``pressure`` what it counts of the host."""
        self._folders = folders
        self._memory = memory
        self._pressure = pressure
        self._open_desktop = open_desktop

    async def of_host(self, failure: Failure) -> Observation:
        """What is known when there is no machine."""
        now = await _in_time("pressure", FILES_S, asyncio.to_thread(self._pressure))
        return Observation(failure=failure, now=now)

    async def of_machine(self, failure: Failure, live: Live) -> Observation:
        """What is known of a machine that still has its handles, whether it runs or not."""
        vm_id = live.record.vm_id
        exit_, text, memory, seen, asked = await asyncio.gather(
            self._end(failure.code, live),
            _in_time("console", FILES_S, self._folders.console_tail(vm_id, CONSOLE_LINES)),
            _in_time("memory", FILES_S, asyncio.to_thread(self._memory, vm_id)),
            self.of_host(failure),
            self._ask(failure.code, live),
        )
        return dataclasses.replace(
            seen,
            driver=live.record.driver,
            exit=exit_,
            memory=memory,
            console=console.read(text or ""),
            failing=asked.failing,
            healthy=asked.healthy,
            screen=asked.screen,
            picture=asked.picture,
        )

    async def _end(self, code: str, live: Live) -> Exit | None:
        """How it ended; one that was not seen to fall silent has ended by now, or has not."""
        patience_s = EXIT_GRACE_S if code in _SILENCE | _ENDED else 0.05
        return await _in_time("exit", patience_s, live.machine.wait())

    async def _ask(self, code: str, live: Live) -> _Asked:
        """What agent and desktop say; nothing when the machine has ended, or never had an agent."""
        guest = live.witness
        if guest is None or code in _ENDED:
            return _Asked()
        failing, screen, picture = await asyncio.gather(
            _in_time("checks", CHECKS_S, _checks(guest)),
            _in_time("screen", SCREEN_S, guest.screen()),
            _in_time("picture", PICTURE_S, self._picture(live, guest)),
        )
        return _Asked(
            failing=failing or {},
            healthy=failing is not None and not failing,
            screen=screen_end(screen or ""),
            picture=picture,
        )

    async def _picture(self, live: Live, guest: Guest) -> str | None:
        if _is_private(live):
            return None
        async with self._open_desktop(await guest.open_vnc()) as desktop:
            picture = await desktop.picture()
        if _is_private(live):  # somebody has come in meanwhile
            return None
        return await self._folders.keep_picture(live.record.vm_id, picture)


def _is_private(live: Live) -> bool:
    return live.private


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Asked:
    """What the inside of a machine told."""

    failing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    healthy: bool = False
    screen: str = ""
    picture: str | None = None


async def _checks(guest: Guest) -> Mapping[str, str]:
    """Failing check → what it found."""
    health = await guest.health()
    return {check.name: check.detail for check in health.checks if not check.ok}


async def _in_time(what: str, limit_s: float, work: Awaitable[T]) -> T | None:
    """What it came to; None when it took too long, or could not be learnt at all."""
    try:
        async with asyncio.timeout(limit_s):
            return await work
    except Exception as error:  # noqa: BLE001 - whatever it is, this piece of evidence is not to be had
        log.info("A piece of evidence is not to be had", what=what, why=repr(error))
        return None
