"""Table ``steps``."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.steps import MAX_STEPS, StepOutcome, StepRecord
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import record, values
from vestibule.drivers.db.schema import OPEN_STEP, steps
from vestibule.drivers.db.unbroken import unbroken

_S = steps.c


class DbSteps:
    """Implements ``services.repositories.Steps``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def store(self, batch: Sequence[StepRecord]) -> Sequence[int]:
        """Add those without a number, change the others; the number of each.

        Three statements, however many there are: sign-ins wait for the same lock.
        """
        async with self._database.write() as connection:
            last = await _last_numbers(connection, {step.subject_id for step in batch if not step.number})
            numbered = [step if step.number else _next(step, last) for step in batch]
            added = [new for new, old in zip(numbered, batch, strict=True) if new.number and not old.number]
            if added:
                await connection.execute(steps.insert(), [values(step) for step in added])
            if changed := [step for step in batch if step.number]:
                await connection.execute(_END, [_ended(step) for step in changed])
        return [step.number for step in numbered]

    async def of(self, subject_id: str) -> Sequence[StepRecord]:
        """A subject's steps, in order of their start."""
        query = steps.select().where(_S.subject_id == subject_id).order_by(_S.number)
        async with self._database.read() as connection:
            return [record(StepRecord, row) for row in await connection.execute(query)]

    @unbroken
    async def lose_open(self, at: dt.datetime) -> int:
        """Whatever has not ended was lost; how many."""
        lost = steps.update().where(OPEN_STEP).values(outcome=StepOutcome.LOST, ended_at=at)
        async with self._database.write() as connection:
            return (await connection.execute(lost)).rowcount


async def _last_numbers(connection: AsyncConnection, subjects: set[str]) -> dict[str, int]:
    query = sa.select(_S.subject_id, sa.func.max(_S.number)).where(_S.subject_id.in_(subjects))
    return {row[0]: row[1] for row in await connection.execute(query.group_by(_S.subject_id))}


def _next(step: StepRecord, last: dict[str, int]) -> StepRecord:
    """The step with its number, which counts in ``last`` from now on; unchanged when there are too many."""
    number = last.get(step.subject_id, 0) + 1
    if number > MAX_STEPS:
        return step
    last[step.subject_id] = number
    return dataclasses.replace(step, number=number)


_END = (
    steps.update()
    .where(_S.subject_id == sa.bindparam("of_subject"), _S.number == sa.bindparam("of_number"))
    .values({name: sa.bindparam(f"new_{name}") for name in ("ended_at", "outcome", "error_code")})
)


def _ended(step: StepRecord) -> dict[str, object]:
    return {
        "of_subject": step.subject_id,
        "of_number": step.number,
        "new_ended_at": step.ended_at,
        "new_outcome": step.outcome,
        "new_error_code": step.error_code,
    }
