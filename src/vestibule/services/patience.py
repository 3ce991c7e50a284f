"""Patience with the store: a disk that is full or fails, or a lock that another program holds, for a moment.

A sign-in is worth waiting for: its person is in the middle of it, and a machine gives its credential away
only once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from vestibule.core.errors import Unavailable

log = structlog.get_logger()

PATIENCE_S = 60.0
AGAIN_S = 2.0

T = TypeVar("T")


async def patiently(store: Callable[[], Awaitable[T]]) -> T:
    """What ``store`` returns, tried again while the host does not allow it.

    Raises what it raises: Unavailable after PATIENCE_S, anything else at once.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await store()
        except Unavailable as error:
            if time.monotonic() >= deadline:
                raise
            log.warning("What a sign-in has reached could not be stored yet", why=error.cause)
            await asyncio.sleep(AGAIN_S)
