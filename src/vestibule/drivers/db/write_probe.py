"""Whether the database can be written: by writing to it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.dialects.sqlite import insert

from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.schema import write_probes
from vestibule.drivers.db.unbroken import unbroken

_NAME = "readyz"


@unbroken
async def probe_write(database: Database, at: dt.datetime) -> None:
    """Raises DiskFull, HostUnfit ``database_unusable``, Unavailable ``database_busy``."""
    row = insert(write_probes).values(name=_NAME, at=at)
    async with database.write() as connection:
        await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_={"at": at}))
