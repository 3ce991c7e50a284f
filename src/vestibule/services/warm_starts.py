"""Warm starts: a machine of the warm pool becomes somebody's, and confirms that it is.

::

    claimed ─▶ woken ─▶ way out ─▶ identity, time, randomness ─▶ confirmed: theirs
                  └─────────────────┴─ whatever fails ─▶ recorded with its reason ─▶ a fresh one instead
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from vestibule.core.errors import MachineFailed, VestibuleError
from vestibule.core.ids import SessionId, UserId, VmId
from vestibule.core.steps import StepName
from vestibule.services import machine_steps
from vestibule.services.introductions import Live
from vestibule.services.pausing import Pausing
from vestibule.services.ports import Egress, Guest, MachineDriver
from vestibule.services.timeline import Timeline
from vestibule.services.warm_pool import WarmPool
from vestibule_desktop.messages import PROXY_PORT

AWAKEN_S = 10.0
"""A machine that was warm takes a second at most, under emulation too; one that takes longer is given up."""


class Claim(enum.StrEnum):
    """What became of a look into the pool."""

    HIT = "hit"
    MISS = "miss"
    FAILED = "failed"
    """The machine that was claimed did not confirm itself; a fresh one was started instead."""


class WarmStarts:
    """One per ``Machines``."""

    def __init__(
        self,
        *,
        pool: WarmPool,
        pausing: Pausing,
        egress: Egress,
        timeline: Timeline,
        introduce: Callable[[Live], Awaitable[Guest]],
        destroy: Callable[[VmId, BaseException | None], Awaitable[None]],
    ) -> None:
        self.on_claim: Callable[[Claim], None] = _nobody
        """Told what became of each look into the pool."""
        self._pool = pool
        self._pausing = pausing
        self._egress = egress
        self._timeline = timeline
        self._introduce = introduce
        self._destroy = destroy

    async def start(
        self, user_id: UserId, session_id: SessionId | None, driver: MachineDriver, allow: Sequence[str]
    ) -> Live | None:
        """A confirmed machine; None when there is none, or the one that there was failed.

        Raises GoldenFailed when none may be started.
        """
        if not self._pool.is_on:
            return None
        live = await self._pool.claim(user_id, session_id, driver.name)
        if live is None:
            self.on_claim(Claim.MISS)
            return None
        try:
            await self._awaken(live, allow)
        except VestibuleError as error:
            self.on_claim(Claim.FAILED)
            await asyncio.shield(self._destroy(live.record.vm_id, error))
            return None
        except BaseException as error:
            await asyncio.shield(self._destroy(live.record.vm_id, error))
            raise
        self.on_claim(Claim.HIT)
        return live

    async def _awaken(self, live: Live, allow: Sequence[str]) -> None:
        """Only now is it known whose it is: identity, time and randomness are of this moment."""
        vm_id = live.record.vm_id
        async with _deadline():
            with self._timeline.step(machine_steps.subject(live.record), StepName.TAKE):
                await self._pausing.wake(vm_id)
                await self._egress.open(vm_id, await live.machine.listen(PROXY_PORT), allow)
            await self._introduce(live)


@contextlib.asynccontextmanager
async def _deadline() -> AsyncIterator[None]:
    """Raises MachineFailed ``no_identity_ack`` after AWAKEN_S."""
    try:
        async with asyncio.timeout(AWAKEN_S):
            yield
    except TimeoutError as error:
        raise MachineFailed(
            f"The machine, which had been warm, did not confirm itself within {AWAKEN_S:g} s.",
            remedy="Read the machine's console in its evidence.",
            code="no_identity_ack",
        ) from error


def _nobody(_claim: Claim) -> None:
    """Whom a claim is told to when nobody wants to know."""
