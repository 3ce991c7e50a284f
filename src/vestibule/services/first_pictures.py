"""The first picture of a desktop comes before the tool that is to be seen on it."""

from __future__ import annotations

import asyncio
import contextlib

from vestibule.core.machines import Isolation
from vestibule.services.introductions import Live

LOOK_S, PICTURE_S = 0.3, 0.8
"""For somebody to want to see it, and for its picture: a tool that starts takes the processor from both."""


async def first_picture(live: Live) -> None:
    """Wait for it in a virtual machine, whose few processors paint it; not for long."""
    if live.record.isolation is not Isolation.VM:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            await live.looked_for.wait()
        async with asyncio.timeout(PICTURE_S):
            await live.pictured.wait()
