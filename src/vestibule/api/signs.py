"""Signs of a person: what one viewer does is told beside the copying, which it neither holds up nor ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog

from vestibule.core.errors import VestibuleError

log = structlog.get_logger()

USED_EVERY_S = 10.0
MOST_AT_ONCE = 100
"""Tellings under way of one viewer: who makes more waits, so that they cannot fill the memory."""

Used = Callable[[], Awaitable[None]]


class Signs:
    """Of one viewer."""

    def __init__(self, used: Used) -> None:
        self._used = used
        self._again_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def of_life(self) -> None:
        """The person does something: told, unless that was told within USED_EVERY_S."""
        now = asyncio.get_running_loop().time()
        if now >= self._again_at:
            self._again_at = now + USED_EVERY_S
            self._begin(self._used())

    async def tell(self, telling: Awaitable[None]) -> None:
        """Begin to tell this, too."""
        if len(self._tasks) >= MOST_AT_ONCE:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        self._begin(telling)

    def _begin(self, telling: Awaitable[None]) -> None:
        task = asyncio.create_task(_told(telling))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def all_told(self) -> None:
        """Return once nothing is under way."""
        await asyncio.gather(*self._tasks)


async def _told(telling: Awaitable[None]) -> None:
    try:
        await telling
    except VestibuleError as error:  # a full disk: the view goes on
        log.warning("A sign of a person could not be kept", code=error.failure_code, cause=error.cause)
    except Exception:
        log.exception("A sign of a person could not be kept")


@contextlib.asynccontextmanager
async def signs_of(used: Used) -> AsyncIterator[Signs]:
    """Of one viewer while the block runs; what was begun is told to the end.

    ``used``: the person is there.
    """
    signs = Signs(used)
    try:
        yield signs
    finally:
        await signs.all_told()
