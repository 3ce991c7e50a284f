"""The reconciler: every few seconds it compares what is there with what should be, and mends the difference.

::

    vms ────────┐
    handles ────┤
    processes ──┼─▶ differences ─▶ in two looks in a row ─▶ ended, failed with a reason, archived
    folders ────┤
    sign-ins ───┘        broker's machines that this process never asked for ─▶ ended at once

A process is known by its pid and the time it started.  Goldens are looked after by ``Freshness``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from vestibule.core.errors import Absent, MachineFailed
from vestibule.core.ids import VmId
from vestibule.core.machines import LIVE
from vestibule.core.reconciliation import Differences, Look, differences
from vestibule.services.endings import every_step
from vestibule.services.machines import Machines
from vestibule.services.ports import Network, RunFolders
from vestibule.services.repositories import Machines as Rows
from vestibule.services.repositories import Sessions
from vestibule.services.sign_ins import SignIns

log = structlog.get_logger()

IsRunning = Callable[[int, int], bool]
"""Whether there is a process of this pid that started then, in clock ticks since boot."""


class Reconciler:
    """One per controller."""

    def __init__(
        self,
        *,
        every_s: float,
        machines: Machines,
        sign_ins: SignIns,
        rows: Rows,
        sessions: Sessions,
        network: Network,
        folders: RunFolders,
        is_running: IsRunning,
    ) -> None:
        self._every_s = every_s
        self._machines = machines
        self._sign_ins = sign_ins
        self._rows = rows
        self._sessions = sessions
        self._network = network
        self._folders = folders
        self._is_running = is_running
        self._seen = Differences()

    async def run(self) -> None:
        """Until cancelled.  A look that fails, as with a database that is locked, is made again."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.look()
            except Exception:
                log.exception("What is there could not be compared with what should be; tried again")

    async def look(self) -> Differences:
        """Compare once, and mend what the look before had found as well; that is returned."""
        seen, self._seen = self._seen, differences(await self._looked())
        found = seen.confirmed_by(self._seen)
        await self._mend(found)
        orphans = await self._network.end_orphans()
        if found != Differences() or orphans:
            log.warning(
                "Mended what should not be",
                unheld=sorted(found.unheld),
                exited=sorted(found.exited),
                leftovers=sorted(found.leftovers),
                stranded=sorted(found.stranded),
                orphans=sorted(orphans),
            )
        return found

    async def _looked(self) -> Look:
        rows = frozenset(row.vm_id for row in await self._rows.live())
        running = self._machines.running
        return Look(
            rows=rows,
            held=self._machines.held,
            gone=frozenset(
                live.record.vm_id
                for live in running
                if not self._is_running(live.machine.pid, live.machine.pid_started)
            ),
            folders=await self._folders_of_ended(rows),
            open=frozenset(record.session_id for record in await self._sessions.unfinished()),
            carried=self._sign_ins.carried,
        )

    async def _folders_of_ended(self, rows: frozenset[VmId]) -> frozenset[VmId]:
        """Those that the table knows: a bench beside the controller has folders of its own."""
        found = set()
        for vm_id in await self._folders.names():
            if vm_id in rows or vm_id in self._machines.held:
                continue
            try:
                ended = (await self._rows.get(vm_id)).status not in LIVE
            except Absent:
                ended = False
            if ended:
                found.add(vm_id)
        return frozenset(found)

    async def _mend(self, found: Differences) -> None:
        for session_id in found.stranded:
            await self._sign_ins.fail_stranded(session_id)
        for vm_id in found.exited:
            await self._end(vm_id)
        for vm_id in found.unheld:
            await self._machines.close_lost(vm_id, _lost(vm_id))
        for vm_id in found.leftovers:
            await every_step(vm_id, partial(self._folders.archive, vm_id))

    async def _end(self, vm_id: VmId) -> None:
        failure = MachineFailed(
            f"The process of {vm_id} was gone, and nobody had been told of its end.",
            remedy="Start again.",
            code="machine_lost",
        )
        if not self._sign_ins.fail_machine(vm_id, failure):
            await self._machines.destroy(vm_id, failure=failure)


def _lost(vm_id: VmId) -> MachineFailed:
    return MachineFailed(
        f"The table said that {vm_id} lives, and nothing ran it.",
        remedy="Start again; the controller's log tells what became of it.",
        code="machine_lost",
    )
