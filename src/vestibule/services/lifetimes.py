"""Deadlines of machines: the one to start, and the life of a machine that no sign-in ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from vestibule.core.errors import MachineFailed
from vestibule.core.ids import VmId
from vestibule.core.machines import Isolation

log = structlog.get_logger()

START_TIMEOUT_S = {Isolation.CONTAINER: 60.0, Isolation.VM: 120.0}
"""How long a driver may take until the machine's process runs, of a host that is slow but not stuck."""

T = TypeVar("T")


async def started_in_time(starting: Awaitable[T], isolation: Isolation) -> T:
    """What a driver's start came to.  Raises MachineFailed ``start_timeout``, or what the start raised."""
    limit_s = START_TIMEOUT_S[isolation]
    try:
        async with asyncio.timeout(limit_s) as stage:
            return await starting
    except TimeoutError as error:
        if not stage.expired():
            raise
        raise MachineFailed(
            f"The machine did not start within {limit_s:g} s.",
            remedy="Try again when the host is less busy; if it repeats, run vestibule doctor.",
            code="start_timeout",
        ) from error


class Lifetimes:
    """Ends each machine without a sign-in, when it stopped by itself or its life is over."""

    def __init__(self, life_s: float) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._life_s = life_s

    def watch(
        self,
        vm_id: VmId,
        *,
        exited: Callable[[], Awaitable[MachineFailed]],
        destroy: Callable[[MachineFailed | None], Awaitable[None]],
        lived_s: float = 0.0,
    ) -> None:
        """Call ``destroy`` with the failure that ``exited`` comes to, or without one after its life.

        ``lived_s``: how much of that has passed already.
        """
        left_s = max(0.0, self._life_s - max(0.0, lived_s))  # the clock may have been set back since
        task = asyncio.create_task(self._watch(vm_id, left_s, exited, destroy))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """Watch nothing any more; returns when no watch runs."""
        tasks = tuple(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(
        self,
        vm_id: VmId,
        left_s: float,
        exited: Callable[[], Awaitable[MachineFailed]],
        destroy: Callable[[MachineFailed | None], Awaitable[None]],
    ) -> None:
        failure = None
        try:
            async with asyncio.timeout(left_s):
                failure = await exited()
        except TimeoutError:
            log.info("Machine's life is over", vm_id=vm_id, life_s=self._life_s)
        except Exception:
            log.exception("Machine could not be watched, and is ended", vm_id=vm_id)
        await destroy(failure)
