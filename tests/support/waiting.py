"""Waiting for what tells nobody: a condition is looked at until it holds, or a deadline passes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], timeout_s: float = 10) -> None:
    """Return once the condition holds.  Raises TimeoutError when it does not in time."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 (it tells nobody: looked at until a deadline)
            await asyncio.sleep(0.005)
