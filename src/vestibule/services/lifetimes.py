"""The life of a machine that no sign-in ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from vestibule.core.errors import MachineFailed
from vestibule.core.ids import VmId

log = structlog.get_logger()


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
