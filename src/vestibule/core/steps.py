"""Steps: what a session or a machine went through, each with its start, its end and what it came to.

A *stage* is a state that a session reached; between two of them there are several steps, and some begin
before the session does anything itself (a place in the queue) or go on after it (the end of its machine).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum


class StepOutcome(enum.StrEnum):
    """What a step came to."""

    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The controller was gone before it ended."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One row of the table ``steps``."""

    subject_id: str
    """The session, or the machine that has none."""
    number: int
    """Counts the steps of one subject, in order of their start."""
    name: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    """None while it goes on."""
    outcome: StepOutcome | None = None
    error_code: str | None = None
    """Of a step that failed."""
