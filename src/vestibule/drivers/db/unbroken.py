"""Writes that a cancellation does not interrupt.

The driver runs every statement in a thread of its own: a task that is cancelled in the middle leaves a
transaction there that nobody ends, and the whole database locked.  So a write is a task of its own; whoever
is cancelled meanwhile waits for it, and is cancelled then.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

import structlog

log = structlog.get_logger()

P = ParamSpec("P")
R = TypeVar("R")

_inside: contextvars.ContextVar[bool] = contextvars.ContextVar("unbroken", default=False)


def unbroken(method: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Make a method that writes go on to its end, whatever becomes of its caller."""

    @functools.wraps(method)
    async def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        async def work() -> R:
            _inside.set(True)
            return await method(*args, **kwargs)

        task = asyncio.create_task(work())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled() and (error := task.exception()) is not None:
                log.warning("A write whose caller was cancelled failed", error=repr(error))
            raise

    return whole


def require_unbroken() -> None:
    """Raises AssertionError where a transaction could be left behind: the method lacks ``@unbroken``."""
    if not _inside.get():
        raise AssertionError("a write outside of a method that is @unbroken")
