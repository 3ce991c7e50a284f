"""Failure records: all that is kept of one failure, of a session, a machine or a renewal alike.

What a failure says of itself (code, cause, remedy, evidence) is stored with what it befell; whether trying
again is worth it is the catalogue's to say, and golden and agent are those of what it befell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from vestibule.core.failures import MEANINGS, FailureCode, is_retryable
from vestibule.core.ids import GoldenId
from vestibule.core.machines import MachineRecord
from vestibule.core.records import SessionRecord
from vestibule.core.renewal import Phase, Renewal
from vestibule.core.sessions import Action, allowed_actions


@dataclasses.dataclass(frozen=True, kw_only=True)
class FailureRecord:
    """One failure, whole."""

    code: str
    stage: str | None
    """What had been reached: a session's or a machine's state, a renewal's phase; None if not stored."""
    cause: str
    remedy: str
    evidence: Mapping[str, str]
    """Name → text."""
    retryable: bool
    golden_id: GoldenId | None
    """None when it failed before one was chosen."""
    agent_build: str | None
    """What the agent in the machine said it is, or the golden holds; None when neither was known yet."""


def of_session(session: SessionRecord) -> FailureRecord | None:
    """Why a session ended in ``failed`` or ``timeout``; None when it did not."""
    return _of_row(session)


def of_machine(machine: MachineRecord) -> FailureRecord | None:
    """Why a machine ended in ``failed``; None when it did not."""
    return _of_row(machine)


def _of_row(row: SessionRecord | MachineRecord) -> FailureRecord | None:
    if row.error_code is None:
        return None
    return FailureRecord(
        code=row.error_code,
        stage=row.error_stage,
        cause=row.error_cause or "",
        remedy=row.error_remedy or _remedy(row.error_code),
        evidence=row.error_evidence,
        retryable=is_retryable(row.error_code),
        golden_id=row.golden_id,
        agent_build=row.agent_build,
    )


def of_renewal(renewal: Renewal) -> FailureRecord | None:
    """Why a renewal was rejected or failed; None when it was not.  The golden is the one it was to make."""
    if renewal.failure is None:
        return None
    return FailureRecord(
        code=renewal.failure.code,
        stage=renewal.steps[-1].phase if renewal.steps else Phase.BUILD,
        cause=renewal.failure.cause,
        remedy=renewal.failure.remedy,
        evidence=renewal.failure.evidence,
        retryable=is_retryable(renewal.failure.code),
        golden_id=renewal.golden_id,
        agent_build=renewal.agent_build,
    )


def actions_of(session: SessionRecord) -> tuple[Action, ...]:
    """What may be done with a session now: a retry that comes to the same end is not offered."""
    failure, actions = of_session(session), allowed_actions(session.status)
    if failure is None or failure.retryable:
        return actions
    return tuple(action for action in actions if action is not Action.RETRY)


def _remedy(code: str) -> str:
    """The catalogue's, for rows of releases that stored none."""
    known = MEANINGS[FailureCode(code)] if code in set(FailureCode) else None
    return known.remedy if known else "Read the evidence and the controller's log of that time."
