"""Connections and transactions.

::

    Database ── write() ──→ BEGIN IMMEDIATE: the lock is taken at the start, waited for up to BUSY_S,
             │              never upgraded half-way (which SQLite refuses at once, timeout or not)
             ├─ write_durably() ──→ the same, and on the disk before it returns
             └─ read()  ──→ each statement a snapshot of its own; with WAL it neither waits nor is waited for

A power cut may undo the last moments of what ``write`` stored, never half of a transaction, and all of it
concerns machines that the power cut ended too.  Credentials and accounts are stored by ``write_durably``.

Lifetime: one per controller, opened in ``main`` by ``migrate.open_database``, closed at its end.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Delete, Executable, Insert, Update, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from vestibule.core.errors import DiskFull, HostUnfit, Unavailable, VestibuleError
from vestibule.drivers.db.trips import connect
from vestibule.drivers.db.unbroken import require_unbroken
from vestibule.drivers.private_folder import make_private

DATABASE = "vestibule.db"
"""The file's name in the state folder."""
BUSY_S = 20.0
"""A backup or an open shell may hold the lock for seconds: nothing fails for that."""
CONNECTIONS = 5
"""Of each kind, and never more: one made for a burst costs more than to wait for one that is there."""
TURN_S = 30.0
"""So long one is waited for: longer than those that have one wait for the lock."""
_WRITE = "vestibule_write"
_CHANGED = "vestibule_changed"
"""Key of a connection's note of the tables that its transaction changes."""


class Database:
    """The kinds of transaction, each with connections of its own; all three may be the same engine.

    Writers that wait for their lock keep no reader waiting.
    """

    def __init__(self, engine: AsyncEngine, durable: AsyncEngine, reader: AsyncEngine) -> None:
        self.on_changed: Callable[[Collection[str]], None] = _nobody
        """Told the names of the tables that a transaction changed, once it is committed."""
        self.engines = frozenset({engine, durable, reader})
        self._reader = reader
        self._writer = engine.execution_options(**{_WRITE: True})
        self._durable_writer = durable.execution_options(**{_WRITE: True})
        for each in self.engines:
            level = "FULL" if each is durable else "NORMAL"
            event.listen(each.sync_engine, "connect", functools.partial(_on_connect, synchronous=level))
            event.listen(each.sync_engine, "begin", _on_begin)
        for each in {engine, durable}:
            event.listen(each.sync_engine, "after_execute", _note_change)

    @classmethod
    def at(cls, path: Path) -> Self:
        """Use the database file ``path``; made with mode 0600, its folder 0700, when it is not there.

        Raises HostUnfit ``database_unusable`` when the file cannot be made.
        """
        try:
            make_private(path.parent)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _unusable(f"The database {path} could not be opened: {error.strerror}.") from error
        return cls(*(_engine(str(path), CONNECTIONS) for _ in range(3)))

    @classmethod
    def in_memory(cls) -> Self:
        """Make a database that lives in one connection: transactions wait for each other."""
        engine = _engine(":memory:", 1)
        return cls(engine, engine, engine)

    async def open_all(self) -> None:
        """Open every connection that there may be: then none is made when there is much to do.

        Raises as ``write`` does.
        """
        with _named_failures():
            for engine in self.engines:
                async with AsyncExitStack() as stack:
                    for _ in range(_size(engine)):
                        await stack.enter_async_context(engine.connect())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Borrow a connection for one statement that reads.  Raises as ``write`` does.

        No BEGIN and no COMMIT: each would be another trip to the driver's thread.
        """
        with _named_failures():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that may write; committed at the end of the block, undone when it raises.

        Only for methods that are ``@unbroken``.  Raises DiskFull or HostUnfit ``database_unusable``;
        IntegrityError stays what it is.
        """
        async with self._changing(self._writer) as connection:
            yield connection

    @asynccontextmanager
    async def write_durably(self) -> AsyncIterator[AsyncConnection]:
        """As ``write``, and what was written has reached the disk when the block has ended."""
        async with self._changing(self._durable_writer) as connection:
            yield connection

    @asynccontextmanager
    async def _changing(self, writer: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        require_unbroken()
        changed = set[str]()
        with _named_failures():
            async with writer.begin() as connection:
                (await connection.get_raw_connection()).info[_CHANGED] = changed
                yield connection
        if changed:
            self.on_changed(changed)

    async def close(self) -> None:
        """Close every connection."""
        for engine in self.engines:
            await engine.dispose()


def _engine(database: str, connections: int) -> AsyncEngine:
    """Its errors would quote values, and what fails is logged; who waits for a connection waits in turn."""
    return create_async_engine(
        "sqlite+aiosqlite://",
        async_creator=functools.partial(connect, database),
        hide_parameters=True,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=TURN_S,
    )


def _size(engine: AsyncEngine) -> int:
    pool = engine.pool
    return pool.size() if isinstance(pool, AsyncAdaptedQueuePool) else 0


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry, *, synchronous: str) -> None:
    # The driver's own transactions begin too late for us (at the first write, deferred): none of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    settings = {
        "journal_mode": "WAL",
        "synchronous": synchronous,
        "busy_timeout": round(BUSY_S * 1000),
        "foreign_keys": "ON",
    }
    for name, value in settings.items():
        cursor.execute(f"PRAGMA {name} = {value}")
    cursor.close()


def _note_change(connection: Connection, clause: Executable, *_rest: Any) -> None:  # noqa: ANN401 (SQLAlchemy's)
    if isinstance(clause, Insert | Update | Delete):
        connection.info[_CHANGED].add(str(clause.table))


def _nobody(_tables: Collection[str]) -> None:
    """Whom a change is told to when nobody wants to know."""


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITE, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DatabaseError as error:
        raise _named(error) from error
    except PoolTimeout as error:
        raise _busy(f"Every connection to the database was in use for {TURN_S:g} s.") from error


def _named(error: DatabaseError) -> VestibuleError:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(
            "The database could not be written: its disk is full.",
            remedy="Free space on the disk of state_dir, then try again: nothing was half-written.",
        )
    if code == sqlite3.SQLITE_BUSY:
        return _busy(f"The database was locked for {BUSY_S:.0f} s by another program.")
    return _unusable(f"The database refused: {error.orig}.")


def _busy(cause: str) -> Unavailable:
    return Unavailable(
        cause,
        remedy="End the other program (a backup, an open sqlite3 shell), then try again.",
        code="database_busy",
    )


def _unusable(cause: str) -> HostUnfit:
    remedy = (
        "Look at the database file in state_dir: its owner, its mode, its disk; vestibule doctor checks it."
    )
    return HostUnfit(cause, remedy=remedy, code="database_unusable")
