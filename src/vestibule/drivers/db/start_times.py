"""Starts of machines: rows of ``vms`` with the confirmation among their steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from vestibule.core.ids import UserId
from vestibule.core.start_times import Start
from vestibule.core.steps import StepName, StepOutcome
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import steps, vms
from vestibule.drivers.db.types import UtcTime


class DbStartTimes:
    """Implements ``services.start_times.StartRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def starts(self, since: dt.datetime, user_id: UserId | None, most: int) -> Sequence[Start]:
        """See StartRows."""
        mine = [] if user_id is None else [vms.c.user_id == user_id]
        newest = (
            vms.select()
            .where(vms.c.created_at >= since, *mine)
            .order_by(vms.c.created_at.desc(), vms.c.vm_id.desc())
            .limit(most)
            .subquery()
        )
        query = (
            sa.select(
                newest.c.golden_id,
                newest.c.driver,
                sa.func.coalesce(newest.c.claimed_at, newest.c.created_at, type_=UtcTime()),
                sa.func.min(steps.c.ended_at, type_=steps.c.ended_at.type),
            )
            .join(steps, _confirmed(newest))
            .group_by(newest.c.vm_id)
            .order_by(newest.c.created_at.desc(), newest.c.vm_id.desc())
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [
                Start(golden_id=golden_id, driver=driver, begun_at=begun_at, confirmed_at=confirmed_at)
                for golden_id, driver, begun_at, confirmed_at in rows
            ]


def _confirmed(machines: sa.Subquery) -> sa.ColumnElement[bool]:
    """A session that began anew has a machine of before, too, whose confirmation is not this one's."""
    return sa.and_(
        steps.c.subject_id == sa.func.coalesce(machines.c.session_id, machines.c.vm_id),
        steps.c.name == StepName.CONFIRM.value,
        steps.c.outcome == StepOutcome.DONE,
        steps.c.started_at >= machines.c.created_at,
    )
