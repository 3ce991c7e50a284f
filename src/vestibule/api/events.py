"""Server-sent events of one session: the whole session at every change, so that a page needs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from vestibule.api import schemas
from vestibule.api.context import Context
from vestibule.api.sessions import present
from vestibule.core.ids import SessionId
from vestibule.core.records import User
from vestibule.core.sessions import FINAL

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No cache keeps events, no web server before us holds them back."""
KEEP_ALIVE_S = 15.0
"""A comment after this long without news keeps proxies from cutting the stream."""


def stream(context: Context, user: User, session_id: SessionId) -> StreamingResponse:
    """Answer with the session now and after every change; ends after its final state."""
    return StreamingResponse(
        _events(context, user, session_id), media_type="text/event-stream", headers=HEADERS
    )


async def _events(context: Context, user: User, session_id: SessionId) -> AsyncIterator[str]:
    async for changed in context.sign_ins.changes(session_id, KEEP_ALIVE_S):
        if not changed:
            yield ": still here\n\n"
            continue
        record = await context.sign_ins.get(user, session_id)
        event = schemas.SessionEvent(seq=record.seq, session=await present(context, record))
        yield f"event: session\nid: {record.seq}\ndata: {event.model_dump_json()}\n\n"
        if record.status in FINAL:
            return
