"""A session as the API shows it, with its history read from the store."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.api import present as shapes
from vestibule.api import schemas
from vestibule.api.context import Context
from vestibule.core.records import History, SessionRecord, StageRecord


async def present(context: Context, record: SessionRecord) -> schemas.Session:
    """The session with stages, notices and the actions allowed now."""
    return _presented(context, record, await context.sign_ins.history(record.session_id))


async def present_all(context: Context, records: Sequence[SessionRecord]) -> list[schemas.Session]:
    """Each of them, in their order."""
    histories = await context.sign_ins.histories([record.session_id for record in records])
    return [_presented(context, record, histories[record.session_id]) for record in records]


def _presented(context: Context, record: SessionRecord, history: History) -> schemas.Session:
    stages, notices = history
    place = context.sign_ins.place(record.session_id)
    provider = context.providers.get(record.provider)
    watchers = context.view_links.watchers.count(record.session_id)
    return shapes.session(record, provider, _until(record, stages), notices, place, watchers=watchers)


def _until(record: SessionRecord, stages: Sequence[StageRecord]) -> Sequence[StageRecord]:
    """The stages that the record knows of: it was read before them, and the session may have gone on since.

    A failed stage beside a record without its failure would be half a truth.
    """
    known = [number for number, stage in enumerate(stages, start=1) if stage.status is record.status]
    return stages[: known[-1]] if known else stages


def just_started(context: Context, record: SessionRecord) -> schemas.Session:
    """A session that was stored a moment ago: its history is known without asking the store."""
    stage = StageRecord(session_id=record.session_id, status=record.status, at=record.created_at)
    place = context.sign_ins.place(record.session_id)
    return shapes.session(record, context.providers.get(record.provider), [stage], [], place)
