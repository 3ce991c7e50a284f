"""What is counted of the tables when somebody asks: a few grouped queries, whatever their size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from vestibule.core.custody import Custody
from vestibule.core.metrics import CREDENTIALS, MACHINES_LIVE, SESSIONS_OPEN, Metric, Sample
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import KEPT, LIVING, UNFINISHED, auth_sessions, credentials, vms


async def read_gauges(database: Database) -> Sequence[Sample]:
    """Open sessions, live machines, credentials; what there is none of is 0, not missing."""
    sessions = await _counted(database, (auth_sessions.c.status,), UNFINISHED)
    machines = await _counted(database, (vms.c.driver, vms.c.status), LIVING)
    custody = await _counted(database, (credentials.c.custody,), KEPT)
    states = [(status.value,) for status in SessionStatus if status not in FINAL]
    return [
        *_samples(SESSIONS_OPEN, states, sessions),
        *_samples(MACHINES_LIVE, machines, machines),
        *_samples(CREDENTIALS, [(each.value,) for each in Custody if each is not Custody.REVOKED], custody),
    ]


async def _counted(
    database: Database, columns: Sequence[sa.Column[str]], fits: sa.TextClause
) -> dict[tuple[str, ...], int]:
    query = sa.select(*columns, sa.func.count()).where(fits).group_by(*columns)
    async with database.read() as connection:
        rows = await connection.execute(query)
        return {tuple(str(value) for value in row[:-1]): int(row[-1]) for row in rows}


def _samples(
    metric: Metric, labels: Iterable[tuple[str, ...]], counted: dict[tuple[str, ...], int]
) -> list[Sample]:
    return [Sample(metric=metric, labels=each, value=counted.get(each, 0)) for each in labels]
