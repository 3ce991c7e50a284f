"""Bytes both ways between two streams, with backpressure and half-close, until silence or the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_CHUNK_BYTES = 65_536

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def relay(left: Stream, right: Stream, *, idle_s: float) -> None:
    """Return when both directions have ended, one broke, or nothing moved for ``idle_s``."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(idle_s) as deadline, asyncio.TaskGroup() as both:
            awake = lambda: deadline.reschedule(loop.time() + idle_s)  # noqa: E731 - bound to this deadline
            both.create_task(_pump(left[0], right[1], awake))
            both.create_task(_pump(right[0], left[1], awake))
    except* (OSError, TimeoutError):
        pass  # either end hung up, or fell silent: the caller closes both


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, awake: Callable[[], None]
) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        awake()
        writer.write(chunk)
        await writer.drain()
        awake()
    if writer.can_write_eof():
        writer.write_eof()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close at once; what the peer thinks of it does not matter any more."""
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return
