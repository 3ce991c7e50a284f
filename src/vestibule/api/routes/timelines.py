"""Timelines of sessions, and of machines without one: one's own; the operator, anybody's."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter

from vestibule.api.context import Caller, Services
from vestibule.api.timeline_schemas import Timeline, TimelineStep
from vestibule.core.ids import SessionId, VmId
from vestibule.core.steps import StepName, StepOutcome, StepRecord

router = APIRouter(tags=["timelines"])


@router.get("/api/auth/session/{session_id}/timeline")
async def read_session_timeline(session_id: str, services: Services, caller: Caller) -> Timeline:
    """What a session went through, step by step; its events tell when to read it again."""
    record = await services.sign_ins.visible(await services.tables.scope(caller), SessionId(session_id))
    return _shown(await services.timeline.of(record.session_id))


@router.get("/api/vms/{vm_id}/timeline")
async def read_machine_timeline(vm_id: str, services: Services, caller: Caller) -> Timeline:
    """What a machine went through; of one that serves a sign-in, that one's timeline."""
    record = await services.machines.of_owner(await services.tables.scope(caller), VmId(vm_id))
    return _shown(await services.timeline.of(record.session_id or record.vm_id))


def _shown(steps: Iterable[StepRecord]) -> Timeline:
    return Timeline(steps=[_step(step) for step in steps])


def _step(step: StepRecord) -> TimelineStep:
    return TimelineStep(
        number=step.number,
        name=StepName(step.name),
        started_at=step.started_at,
        ended_at=step.ended_at,
        duration_s=_duration_s(step),
        outcome=step.outcome,
        error_code=step.error_code,
    )


def _duration_s(step: StepRecord) -> float | None:
    """A lost step ended at some time before that was noticed."""
    if step.ended_at is None or step.outcome is StepOutcome.LOST:
        return None
    return round((step.ended_at - step.started_at).total_seconds(), 3)
