"""Blocking work in a thread, to its end: whoever is cancelled meanwhile leaves nothing behind that goes on.

``asyncio.to_thread`` alone returns at once when it is cancelled, and its thread goes on: it may take a lock
that nobody lets go, or write into a folder that is being removed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

T = TypeVar("T")


async def to_the_end(work: Callable[[], T], undo: Callable[[T], object] | None = None) -> T:
    """What ``work`` returns or raises; a cancellation is passed on once it has ended.

    ``undo``: of what ``work`` returned to nobody, since its caller was cancelled; must not block.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return running.result()
    if running.exception() is None and undo is not None:  # a failure was seen: the cancellation counts
        undo(running.result())
    raise cancelled


@contextlib.asynccontextmanager
async def in_thread(context: contextlib.AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave in threads; what was entered is left, however the caller ends."""
    stack = contextlib.ExitStack()
    try:
        yield await to_the_end(lambda: stack.enter_context(context))
    except BaseException as error:
        trace = (type(error), error, error.__traceback__)
        if not await to_the_end(lambda: stack.__exit__(*trace)):
            raise
    else:
        await to_the_end(stack.close)
