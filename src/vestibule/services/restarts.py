"""Restarts: what a controller makes of the machines of one that is gone.

::

    adopt(), adopt_unused() ─▶ held as before
          └─ what could not be ─▶ ended by the broker ─▶ reconcile() ─▶ rows closed, folders cleared
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.ids import VmId
from vestibule.core.machines import MachineRecord, MachineStatus
from vestibule.services.adoption import Adoption
from vestibule.services.introductions import Live
from vestibule.services.pausing import Pausing
from vestibule.services.ports import RunFolders
from vestibule.services.repositories import Machines as Rows
from vestibule.services.starts import Starts
from vestibule.services.waking_guest import WakingGuest

log = structlog.get_logger()


class Restarts:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        rows: Rows,
        adoption: Adoption,
        pausing: Pausing,
        starts: Starts,
        folders: RunFolders,
        held: Callable[[], Collection[VmId]],
        take: Callable[[Live, Sequence[str]], Awaitable[Live]],
        watch: Callable[[Live], None],
    ) -> None:
        """``held`` are the machines of this controller; ``take`` makes one of them, with a way out.

        ``watch`` has one that no sign-in ends live for so long as it may.
        """
        self._rows = rows
        self._adoption = adoption
        self._pausing = pausing
        self._starts = starts
        self._folders = folders
        self._held = held
        self._take = take
        self._watch = watch

    async def adopt(self, vm_id: VmId, *, allow: Sequence[str]) -> Live:
        """Take over a confirmed machine of a controller that is gone.

        Raises VestibuleError when it cannot be; ``reconcile`` closes its row then.
        """
        live = await self._adoption.adopt(await self._rows.get(vm_id))
        live.guest = live.guest and WakingGuest(live.guest, vm_id, self._pausing)
        return await self._take(live, allow)

    async def adopt_unused(self) -> int:
        """Take over the machines without a sign-in that an earlier controller left; how many."""
        adopted = 0
        for row in await self._rows.live():
            if row.session_id is not None or row.warmth is not None or row.vm_id in self._held():
                continue
            try:
                self._watch(await self.adopt(row.vm_id, allow=()))
                adopted += 1
            except VestibuleError as error:
                log.warning("Machine could not be taken over", vm_id=row.vm_id, why=error.cause)
        return adopted

    async def reconcile(self) -> Sequence[MachineRecord]:
        """Rows that claim to live though nothing here holds them: close them, clear their folders.

        A machine that was being ended anyway, or was nobody's yet, is destroyed; any other has failed.

        Called once what could be taken over was, and the rest has been ended.
        """
        lost = [row for row in await self._rows.live() if row.vm_id not in self._held()]
        for row in lost:
            was_ending = row.status is MachineStatus.STOPPING or row.warmth is not None
            await self._starts.abandon(row.vm_id, None if was_ending else _lost(row))
        await self._folders.clear_except(self._held())
        return lost


def _lost(row: MachineRecord) -> MachineFailed:
    return MachineFailed(
        f"The controller that ran {row.vm_id} is gone, and the machine could not be taken over.",
        remedy="Start again.",
        code="controller_restarted",
    )
