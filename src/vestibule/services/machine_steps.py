"""Whose steps a machine's are: its session's, or its own when it has none."""

from __future__ import annotations

from vestibule.core.machines import MachineRecord
from vestibule.services.timeline import Timeline, ending_of


def subject(record: MachineRecord) -> str:
    """The id that its steps are stored under."""
    return record.session_id or record.vm_id


def finish(timeline: Timeline, record: MachineRecord, failure: BaseException | None) -> None:
    """The whole way of a machine without a session; one with a session is a part of that one's."""
    if record.session_id is None:
        timeline.finish(record.vm_id, "machine", since=record.begun_at, ending=ending_of(failure))
