"""A session as the API shows it, with its history read from the store."""

from __future__ import annotations

from vestibule.api import present as shapes
from vestibule.api import schemas
from vestibule.api.context import Context
from vestibule.core.records import SessionRecord


async def present(context: Context, record: SessionRecord) -> schemas.Session:
    """The session with stages, notices and the actions allowed now."""
    stages, notices = await context.sign_ins.history(record.session_id)
    return shapes.session(record, context.providers.get(record.provider), stages, notices)
