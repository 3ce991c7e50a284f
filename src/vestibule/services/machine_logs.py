"""A machine's logs while it runs, and what was kept of them afterwards; without secrets in either case.

::

    runs ─▶ its run folder, read anew when it has grown ─▶ end ─▶ archived (once) ─▶ evidence folder

A log is told whole, as far as its end goes: what hides secrets has to see the lines around them.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import enum
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol

from vestibule.core.errors import Absent
from vestibule.core.ids import VmId
from vestibule.core.redaction import redact_log

LOOK_S = 1.0
"""While somebody follows a log: nothing in a machine's folder tells that it has grown."""
KEEP_ALIVE_S = 15.0


class LogPlace(enum.StrEnum):
    """Where logs lie."""

    RUN = "run"
    """The machine lives."""
    EVIDENCE = "evidence"
    """It has ended."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogFile:
    """A log, and what changes when it does."""

    name: str
    size_bytes: int
    changed_ns: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class LogTail:
    """The end of a log."""

    text: str
    whole: bool
    """Whether that is all of it."""
    ended: bool
    """Nothing is written to it any more."""


class LogFiles(Protocol):
    """The files themselves; links and pipes that a machine put in their place are not there."""

    async def list(self, vm_id: VmId, place: LogPlace) -> Sequence[LogFile]:
        """Logs by name; none where there is no folder."""
        ...

    async def read(self, vm_id: VmId, place: LogPlace, name: str, most_bytes: int) -> bytes:
        """The end of one.  Empty when there is none."""
        ...

    async def picture(self, vm_id: VmId) -> bytes:
        """The PNG of an ended machine's desktop.  Empty when none was kept."""
        ...


class MachineLogs:
    """One per controller.  Whether a caller may read a machine's logs is asked before."""

    MOST_BYTES = 96 << 10

    def __init__(
        self,
        *,
        files: LogFiles,
        held: Callable[[], Collection[VmId]],
        secrets: Callable[[VmId], Sequence[str] | None],
    ) -> None:
        """``held``: the machines that start, run or end here.

        ``secrets``: the known texts that a running machine's logs may hold; None when it does not run.
        """
        self._files = files
        self._held = held
        self._secrets = secrets
        self._stopping = asyncio.Event()

    async def list(self, vm_id: VmId) -> Sequence[LogFile]:
        """What there is to read; none of a machine that has just been begun, or is being ended."""
        place = self._place(vm_id)
        return [] if place is None else await self._files.list(vm_id, place)

    async def picture(self, vm_id: VmId) -> bytes:
        """What its desktop showed when it failed, as a PNG.  Raises Absent when no picture was kept."""
        if picture := await self._files.picture(vm_id):
            return picture
        raise Absent(
            f"There is no picture of {vm_id}'s desktop.",
            remedy="One is kept of a machine that failed while nothing of a person's could be on it.",
        )

    async def follow(self, vm_id: VmId, name: str) -> AsyncIterator[LogTail | None]:
        """Yield the log's end at once and whenever it is another; None when nothing came for a while.

        Ends when nothing is written any more.
        """
        seen: tuple[LogPlace | None, LogFile | None] | None = None
        told_s = time.monotonic()
        while not self._stopping.is_set():
            place = self._place(vm_id)
            now = (place, await self._look(vm_id, place, name))
            if now != seen and place is not None:
                seen, told_s = now, time.monotonic()
                yield await self._tail(vm_id, place, name)
            elif time.monotonic() - told_s >= KEEP_ALIVE_S:
                told_s = time.monotonic()
                yield None
            if place is LogPlace.EVIDENCE:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._stopping.wait()

    def close(self) -> None:
        """End every follower: the controller stops."""
        self._stopping.set()

    def _place(self, vm_id: VmId) -> LogPlace | None:
        """None between the two: what is to be hidden is not known here, and not hidden yet on the disk."""
        if self._secrets(vm_id) is not None:
            return LogPlace.RUN
        return None if vm_id in self._held() else LogPlace.EVIDENCE

    async def require(self, vm_id: VmId, name: str) -> None:
        """Raise Absent ``log_absent`` when there is no such log, as far as one can know now."""
        if self._place(vm_id) is not None and name not in {log.name for log in await self.list(vm_id)}:
            raise Absent(
                f"The machine {vm_id} has no log {name!r}, or it is not kept any more.",
                remedy=f"List those that there are: GET /api/vms/{vm_id}/logs.",
                code="log_absent",
            )

    async def _look(self, vm_id: VmId, place: LogPlace | None, name: str) -> LogFile | None:
        found = [] if place is None else await self._files.list(vm_id, place)
        return next((log for log in found if log.name == name), None)

    async def _tail(self, vm_id: VmId, place: LogPlace, name: str) -> LogTail:
        content = await self._files.read(vm_id, place, name, self.MOST_BYTES + 1)
        whole = len(content) <= self.MOST_BYTES
        if not whole:  # the first line would be a part of one
            content = content.partition(b"\n")[2]
        known = self._secrets(vm_id)
        if place is LogPlace.RUN and known is None:  # it has begun to end meanwhile
            return LogTail(text="", whole=True, ended=False)
        hidden = await asyncio.to_thread(redact_log, content, known or ())
        return LogTail(text=hidden.decode(), whole=whole, ended=place is LogPlace.EVIDENCE)
