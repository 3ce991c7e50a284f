"""The database of a controller that is not running: filled with very many rows, and asked how it reads them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vestibule.core.ids import UserId
from vestibule.core.tables import Asked, Order
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.many_rows import fill, session_id, vm_id
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.db.tables import DbTables

_GROWING = re.compile(r"^SCAN (auth_sessions|session_stages|vms|audit_events)(?! USING)")
"""A plan's line that looks at every row of a table that grows for ever."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How SQLite answers one query."""

    asked: str
    """By which method."""
    query: str
    """Its text, in one line."""
    steps: Sequence[str]
    scans: bool
    """Whether it looks at every row of a table that grows."""


async def fill_state(path: Path, rows: int) -> None:
    """Add so many ended sign-ins to the database file ``path``, and have it know what is in it."""
    database = await open_database(path)
    try:
        await fill(database, rows)
    finally:
        await database.close()


async def plans_of(path: Path) -> Sequence[Plan]:
    """The plan of each query that reading, listing, starting and reconciling ask."""
    database = await open_database(path)
    try:
        found: list[Plan] = []
        for name, ask in _asked(database):
            with _heard(database) as queries:
                await ask()
            for query, parameters in queries:
                found.append(await _plan(database, name, query, parameters))
        return found
    finally:
        await database.close()


def _asked(database: Database) -> Sequence[tuple[str, Callable[[], Awaitable[object]]]]:
    sessions, machines, tables = DbSessions(database), DbMachines(database), DbTables(database)
    user, one, asked = (
        UserId("u-0000000000000001"),
        7,
        Asked(sort="created_at", order=Order.DESC, offset=0, limit=25),
    )
    return [
        ("read a session", lambda: sessions.get(session_id(one))),
        ("its stages", lambda: sessions.stages(session_id(one))),
        ("a user's sessions", lambda: sessions.of_user(user)),
        ("sessions to reconcile", sessions.unfinished),
        ("read a machine", lambda: machines.get(vm_id(one))),
        ("machines to reconcile", machines.live),
        ("a user's machines", lambda: machines.of_user(user)),
        ("the table of sessions", lambda: tables.sessions(asked)),
        ("the table of machines", lambda: tables.machines(asked)),
    ]


@contextmanager
def _heard(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The queries that are asked meanwhile, with their parameters."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: object, _cursor: object, text: str, parameters: Any, *_: object) -> None:
        if text.lstrip().upper().startswith("SELECT"):
            heard.append((text, parameters))

    engines = [engine.sync_engine for engine in database.engines]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", hear)


async def _plan(database: Database, asked: str, query: str, parameters: Any) -> Plan:
    async with database.read() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
        steps = [str(row[3]) for row in rows]
    return Plan(
        asked=asked,
        query=" ".join(query.split()),
        steps=steps,
        scans=any(_GROWING.match(step) for step in steps),
    )
