"""The database of a controller that is not running: filled with very many rows, and asked how it reads them.

What a query costs is told by SQLite itself and is the same on every run: its plan, and how many instructions
its virtual machine took (https://www.sqlite.org/opcode.html).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vestibule.core.ids import UserId
from vestibule.core.tables import REACH, Asked, Order
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.failures import DbFailures
from vestibule.drivers.db.gauges import read_gauges
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.many_rows import GROWING, OF_WHAT_LIVES, fill, session_id, vm_id
from vestibule.drivers.db.migrate import open_database
from vestibule.drivers.db.sessions import DbSessions
from vestibule.drivers.db.start_times import DbStartTimes
from vestibule.drivers.db.tables import DbTables
from vestibule.drivers.db.view_links import DbViewLinks
from vestibule.services.start_times import MOST

_SCAN = re.compile(rf"^SCAN ({'|'.join(table.name for table in GROWING)})\b")
"""A plan's line that walks along a table that grows for ever, or along an index of it."""
_TICK = 100
"""Instructions between two looks."""

Query = tuple[str, Sequence[Any]]
Ask = tuple[str, Callable[[], Awaitable[object]]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How SQLite answers one query."""

    asked: str
    """What it is for."""
    query: str
    """Its text, in one line."""
    steps: Sequence[str]
    """Of EXPLAIN QUERY PLAN."""
    scans: bool
    """Whether it walks along a table that grows with nothing to end it before the last row."""
    instructions: int
    """Of SQLite's virtual machine, rounded down to hundreds."""


async def fill_state(path: Path, rows: int) -> None:
    """Add so many ended sign-ins to the database file ``path``."""
    database = await open_database(path)
    try:
        await fill(database, rows)
    finally:
        await database.close()


async def plans_of(path: Path, rows: int, reach: int = REACH) -> Sequence[Plan]:
    """The plan of each query by which ``rows`` filled rows are read, listed, counted and reconciled.

    ``reach``: how many of them a table looks at; one with fewer is walked along.
    """
    database = await open_database(path)
    try:
        heard: list[tuple[str, Query]] = []
        owner = (await DbAccounts(database).users())[0].user_id
        for name, ask in _asked(database, owner, rows, reach):
            with _heard(database) as queries:
                await ask()
            heard.extend((name, query) for query in queries)
    finally:
        await database.close()
    with closing(sqlite3.connect(path)) as connection:
        return [_plan(connection, name, query) for name, query in heard]


def _asked(database: Database, owner: UserId, rows: int, reach: int) -> Sequence[Ask]:
    return [
        *_of_lists(database, owner, rows // 2),
        *_of_tables(DbTables(database, reach)),
        *_of_counts(database, owner),
    ]


def _of_lists(database: Database, owner: UserId, one: int) -> Sequence[Ask]:
    sessions, machines, links = DbSessions(database), DbMachines(database), DbViewLinks(database)
    kept = DbCredentials(database)
    return [
        ("a session", lambda: sessions.get(session_id(one))),
        ("a session's stages", lambda: sessions.stages(session_id(one))),
        ("a session's view links", lambda: links.of_session(session_id(one))),
        ("a user's sessions", lambda: sessions.of_user(owner)),
        ("sessions to reconcile", sessions.unfinished),
        ("a machine", lambda: machines.get(vm_id(one))),
        ("a user's machines", lambda: machines.of_user(owner)),
        ("machines to reconcile", machines.live),
        ("a user's credentials", lambda: kept.of_user(owner)),
    ]


def _of_tables(tables: DbTables) -> Sequence[Ask]:
    newest = Asked(sort="created_at", order=Order.DESC, offset=0, limit=25)
    failed = dataclasses.replace(newest, chosen={"status": ["failed"]})
    of_audit, sealed = (dataclasses.replace(newest, sort=sort) for sort in ("at", "sealed_at"))
    by_provider = dataclasses.replace(newest, sort="provider")
    sought = dataclasses.replace(newest, text="00000000000007")
    return [
        ("the table of sessions", lambda: tables.sessions(newest)),
        ("the table of sessions, failed ones", lambda: tables.sessions(failed)),
        ("the table of sessions, by provider", lambda: tables.sessions(by_provider)),
        ("the table of sessions, with a text", lambda: tables.sessions(sought)),
        ("the table of machines", lambda: tables.machines(newest)),
        ("the table of credentials", lambda: tables.credentials(sealed)),
        ("the audit", lambda: tables.audit(of_audit)),
    ]


def _of_counts(database: Database, owner: UserId) -> Sequence[Ask]:
    failures, starts = DbFailures(database), DbStartTimes(database)
    bar = dt.timedelta(hours=6)
    week_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=7)
    return [
        ("failures of a week", lambda: failures.tallies(week_ago, bar, None)),
        ("a user's failures of a week", lambda: failures.tallies(week_ago, bar, owner)),
        ("examples of failures", lambda: failures.examples(week_ago, owner, 3)),
        ("start times of a week", lambda: starts.starts(week_ago, None, MOST)),
        ("gauges", lambda: read_gauges(database)),
    ]


@contextmanager
def _heard(database: Database) -> Iterator[list[Query]]:
    """The queries that are asked meanwhile, with their parameters as the driver gets them."""
    heard: list[Query] = []

    def hear(*call: Any) -> None:  # noqa: ANN401 (SQLAlchemy's)
        _connection, _cursor, text, parameters, *_ = call
        if text.lstrip().upper().startswith(("SELECT", "WITH")):
            heard.append((text, parameters))

    engines = [engine.sync_engine for engine in database.engines]
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", hear)


def _plan(connection: sqlite3.Connection, asked: str, query: Query) -> Plan:
    text, parameters = query
    steps = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    return Plan(
        asked=asked,
        query=" ".join(text.split()),
        steps=steps,
        scans=_is_endless(text, steps),
        instructions=_instructions(connection, query),
    )


def _is_endless(text: str, steps: Sequence[str]) -> bool:
    """A walk in an index's order ends with its LIMIT, unless rows are sought in it, grouped or counted.

    One along an index of what lives ends with that.
    """
    sought = any(word in text for word in ("WHERE", "GROUP BY", "count("))
    in_order = "LIMIT" in text and not sought and not any("TEMP B-TREE" in step for step in steps)
    walks = [step for step in steps if _SCAN.match(step) and OF_WHAT_LIVES.isdisjoint(step.split())]
    return bool(walks) and not in_order


def _instructions(connection: sqlite3.Connection, query: Query) -> int:
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    connection.set_progress_handler(tick, _TICK)
    try:
        connection.execute(*query).fetchall()
    finally:
        connection.set_progress_handler(None, 0)
    return ticks * _TICK
