"""Fewer trips to SQLite's threads.

Each connection of aiosqlite has a thread, and every call is a trip there and back, which waits on a busy
controller for the interpreter's lock and for its turn on the event loop.  SQLAlchemy makes six for a
statement that reads: cursor, execute, fetch, close, commit, rollback.  Here it is one:

::

    execute() ─▶ thread: cursor, execute, fetch all ─▶ the rows are at hand
    fetchall(), close(), and commit() and rollback() outside of a transaction ─▶ no trip

Results are held whole, as SQLAlchemy's own cursors for SQLite hold them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")

_CHUNK = 64
"""aiosqlite's own default: rows at a time for who goes through a cursor, which nobody does here."""


async def connect(database: str) -> aiosqlite.Connection:
    """Open a database, or one in memory; for SQLAlchemy's ``async_creator``."""
    connection = _Connection(lambda: sqlite3.connect(database), _CHUNK)
    connection.end_with_the_process()
    return await connection


class _Connection(aiosqlite.Connection):
    def end_with_the_process(self) -> None:
        """One that nobody closed must not keep the process alive."""
        self._thread.daemon = True

    def stop(self) -> asyncio.Future[Any] | None:
        """Once: the thread ends at the first, and would leave who awaits a second one waiting for ever."""
        return super().stop() if self._running else None

    def cursor(self) -> Any:  # noqa: ANN401 (its parent's is a promise of one; SQLAlchemy enters either)
        """A cursor that is made when it executes."""
        return _Cursor(self)

    async def run(self, sql: str, parameters: Iterable[Any]) -> tuple[sqlite3.Cursor, list[Any]]:
        """One statement, and all that it returns."""
        return await self._trip(lambda: _fetched(self._conn, sql, parameters))

    async def run_many(self, sql: str, parameters: Iterable[Iterable[Any]]) -> sqlite3.Cursor:
        """One statement with each of these parameters; it returns nothing."""
        return await self._trip(lambda: self._conn.executemany(sql, [tuple(one) for one in parameters]))

    async def _trip(self, work: Callable[[], T]) -> T:
        done: T = await self._execute(work)  # type: ignore[no-untyped-call]  # aiosqlite's own way there
        return done

    async def commit(self) -> None:
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


class _Cursor(aiosqlite.Cursor):
    """As far as SQLAlchemy uses one; ``_cursor``, SQLite's own, tells its parent of columns and counts."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> _Cursor:
        self._cursor, self._rows = await self._connection.run(sql, parameters or ())
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> _Cursor:
        self._cursor = await self._connection.run_many(sql, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        return self._rows

    async def close(self) -> None:
        """Nothing is left to close: a statement whose rows were all fetched is reset by SQLite's module."""


def _fetched(
    raw: sqlite3.Connection, sql: str, parameters: Iterable[Any]
) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = raw.execute(sql, tuple(parameters))
    return cursor, cursor.fetchall()
