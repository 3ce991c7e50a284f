"""Table ``steps``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core.steps import MAX_STEPS, StepOutcome, StepRecord
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import record, values
from vestibule.drivers.db.schema import steps
from vestibule.drivers.db.unbroken import unbroken

_S = steps.c


class DbSteps:
    """Implements ``services.repositories.Steps``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def store(self, batch: Sequence[StepRecord]) -> Sequence[int]:
        """Add those without a number, change the others; the number of each."""
        async with self._database.write() as connection:
            return [await _stored(connection, step) for step in batch]

    async def of(self, subject_id: str) -> Sequence[StepRecord]:
        """A subject's steps, in order of their start."""
        query = steps.select().where(_S.subject_id == subject_id).order_by(_S.number)
        async with self._database.read() as connection:
            return [record(StepRecord, row) for row in await connection.execute(query)]

    @unbroken
    async def lose_open(self, at: dt.datetime) -> int:
        """Whatever has not ended was lost; how many."""
        lost = steps.update().where(_S.outcome.is_(None)).values(outcome=StepOutcome.LOST, ended_at=at)
        async with self._database.write() as connection:
            return (await connection.execute(lost)).rowcount


async def _stored(connection: AsyncConnection, step: StepRecord) -> int:
    if step.number:
        this = sa.and_(_S.subject_id == step.subject_id, _S.number == step.number)
        changed = {name: values(step)[name] for name in ("ended_at", "outcome", "error_code")}
        await connection.execute(steps.update().where(this).values(changed))
        return step.number
    last = sa.select(sa.func.max(_S.number)).where(_S.subject_id == step.subject_id)
    number = int((await connection.execute(last)).scalar() or 0) + 1
    if number > MAX_STEPS:
        return 0
    await connection.execute(steps.insert().values({**values(step), "number": number}))
    return number
