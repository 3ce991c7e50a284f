"""Server-sent events: a whole session, or all of a user's credentials, at every change.

Whole things, so that a page needs no memory.  A session comes again, with the same id, when a step of its
timeline began: who shows that reads it then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from vestibule.api import credential_schemas, schemas
from vestibule.api import present as shapes
from vestibule.api.context import Context
from vestibule.api.sessions import present
from vestibule.core.ids import SessionId
from vestibule.core.records import CredentialRecord, User
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


def credentials_stream(context: Context, user: User) -> StreamingResponse:
    """Answer with the user's credentials now and after every change, without end."""
    return StreamingResponse(_credentials(context, user), media_type="text/event-stream", headers=HEADERS)


async def _credentials(context: Context, user: User) -> AsyncIterator[str]:
    async for changed in context.credentials.feed.changes(user.user_id, KEEP_ALIVE_S):
        if not changed:
            yield ": still here\n\n"
            continue
        rows = await context.credentials.list(user)
        event = credential_schemas.CredentialsEvent(credentials=[shown(context, row) for row in rows])
        yield f"event: credentials\ndata: {event.model_dump_json()}\n\n"


def shown(context: Context, record: CredentialRecord) -> credential_schemas.Credential:
    """A credential without its content, with what is foreseen of it."""
    return shapes.credential(record, soon=context.forecasts.expires_soon(record))


async def _events(context: Context, user: User, session_id: SessionId) -> AsyncIterator[str]:
    """Whoever follows a session watches its machine, which is not paused meanwhile."""
    async with context.machines.pausing.watched(session_id):
        async for changed in context.sign_ins.changes(session_id, KEEP_ALIVE_S):
            if not changed:
                yield ": still here\n\n"
                continue
            record = await context.sign_ins.get(user, session_id)
            event = schemas.SessionEvent(seq=record.seq, session=await present(context, record))
            yield f"event: session\nid: {record.seq}\ndata: {event.model_dump_json()}\n\n"
            if record.status in FINAL:
                return
