"""Server-sent events of a thing that has no end: the whole of it, now and whenever it has become another.

What cannot be read for a while is told as ``event: trouble``, with a problem; following goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from vestibule.api.events import HEADERS, KEEP_ALIVE_S
from vestibule.api.schemas import Problem
from vestibule.core import diagnosis
from vestibule.core.errors import VestibuleError

log = structlog.get_logger()

TROUBLE = "trouble"
PAUSE_S = 0.5
"""Between two events: a burst of changes costs one reading, and a page no more than two a second."""

Changes = Callable[[float], AsyncIterator[bool]]
"""Given a number of seconds: True at once and after every change, False when nothing came for so long."""
Read = Callable[[], Awaitable[BaseModel]]


def whole(event: str, changes: Changes, read: Read) -> StreamingResponse:
    """Answer with what ``read`` returns; it is asked now and then without a change, too."""
    return StreamingResponse(_events(event, changes, read), media_type="text/event-stream", headers=HEADERS)


async def _events(event: str, changes: Changes, read: Read) -> AsyncIterator[str]:
    last = ("", "")
    async for _ in changes(KEEP_ALIVE_S):
        now = await _event(event, read)
        if now == last:
            yield ": still here\n\n"
            continue
        last = now
        name, data = now
        yield f"event: {name}\ndata: {data}\n\n"
        await asyncio.sleep(PAUSE_S)


async def _event(event: str, read: Read) -> tuple[str, str]:
    """Name and data."""
    try:
        return event, (await read()).model_dump_json()
    except Exception as error:
        foreseen = isinstance(error, VestibuleError)
        log.warning("Events have nothing to tell", error=repr(error), exc_info=None if foreseen else error)
        failure = diagnosis.failure_of(error)
        problem = Problem(code=failure.code, cause=failure.cause, remedy=failure.remedy)
        return TROUBLE, problem.model_dump_json()
