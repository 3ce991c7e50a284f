"""Whether the database can be written: by writing to it; and who keeps us from it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from sqlalchemy.dialects.sqlite import insert

from vestibule.core.errors import Unavailable
from vestibule.drivers import proc
from vestibule.drivers.db.engine import BUSY_S, DATABASE, Database
from vestibule.drivers.db.schema import write_probes
from vestibule.drivers.db.unbroken import unbroken

_NAME = "readyz"
_WRITE_LOCK = 120
"""The byte of the file ``-shm`` that who writes has locked (SQLite's WAL-index format, WAL_WRITE_LOCK)."""


@unbroken
async def probe_write(database: Database, at: dt.datetime) -> None:
    """Raises DiskFull, HostUnfit ``database_unusable``, Unavailable ``database_busy``."""
    row = insert(write_probes).values(name=_NAME, at=at)
    async with database.write() as connection:
        await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": at}))


def lock_held(state_dir: Path) -> Unavailable | None:
    """What to say while a write waits: that another program, by name and pid, holds the database's lock.

    None when no other does, or the kernel does not tell.  Reads files.
    """
    for pid in proc.writers_of(state_dir / f"{DATABASE}-shm", _WRITE_LOCK):
        if pid != os.getpid():
            return Unavailable(
                f"{proc.name_of(pid)} (pid {pid}) holds the database's lock; changes wait for it"
                f" {BUSY_S:.0f} s, then fail.",
                remedy="End that program (a backup, an open sqlite3 shell).",
                code="database_busy",
            )
    return None
