"""Steps: what a session or a machine went through, each with its start, its end and what it came to.

A *stage* is a state that a session reached; between two of them there are several steps, and some begin
before the session does anything itself (a place in the queue) or go on after it (the end of its machine).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import hashlib
from collections.abc import Mapping

MAX_STEPS = 200
"""Of one subject; what comes after them is not kept."""
_TRACE_BYTES, _SPAN_BYTES = 16, 8
"""W3C Trace Context, sections 3.2.2.3 and 3.2.2.4."""


class StepName(enum.StrEnum):
    """The steps, in the order in which a sign-in goes through them."""

    QUEUE = "queue"
    """A turn in the line of those who wait for room on the host."""
    GOLDEN = "golden"
    """A golden is chosen, held, and looked at for damage."""
    START = "start"
    """The driver starts the machine."""
    TAKE = "take"
    """A machine of the warm pool is woken, in place of the two before."""
    CONFIRM = "confirm"
    """Hand-over; the agent confirms its build and its checks."""
    LOGIN = "login"
    """From the tool's start to its sign-in address."""
    PERSON = "person"
    """The person signs in: from the address to the credential."""
    CLAIM = "claim"
    """The credential leaves the machine."""
    SEAL = "seal"
    """It is sealed and stored."""
    DESTROY = "destroy"
    """The machine ends, and all it had on the host but its evidence."""


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
    """Counts the steps of one subject, in order of their start; 0 until it is stored."""
    name: str
    started_at: dt.datetime
    ended_at: dt.datetime | None = None
    """None while it goes on."""
    outcome: StepOutcome | None = None
    error_code: str | None = None
    """Of a step that failed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time for a tracing system: a step, or the whole way of a session or a machine."""

    trace_id: int
    span_id: int
    parent_id: int | None
    """None of the whole way."""
    name: str
    started_at: dt.datetime
    ended_at: dt.datetime
    outcome: StepOutcome
    error_code: str | None
    facts: Mapping[str, str]


def span_of_step(step: StepRecord, facts: Mapping[str, str]) -> Span | None:
    """The span of a step; None while it goes on.

    Ids follow from the subject alone: a later controller's spans join the trace that this one began.
    """
    if step.ended_at is None or step.outcome is None:
        return None
    return Span(
        trace_id=trace_id(step.subject_id),
        span_id=_id(f"{step.subject_id} {step.name} {step.started_at.isoformat()}", _SPAN_BYTES),
        parent_id=way_id(step.subject_id),
        name=step.name,
        started_at=step.started_at,
        ended_at=step.ended_at,
        outcome=step.outcome,
        error_code=step.error_code,
        facts=facts,
    )


def trace_id(subject: str) -> int:
    """The trace that all spans of a session, or of a machine without one, belong to."""
    return _id(subject, _TRACE_BYTES)


def way_id(subject: str) -> int:
    """The span of its whole way, which is the parent of its steps'."""
    return _id(f"{subject} way", _SPAN_BYTES)


def _id(text: str, length: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:length]) or 1
