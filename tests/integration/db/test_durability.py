"""What a power cut may take, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.unbroken import unbroken

NORMAL, FULL = 1, 2
"""Values of SQLite's PRAGMA synchronous."""


@pytest.mark.anyio
@unbroken
async def test_what_must_last_is_on_the_disk_before_it_is_confirmed(tmp_path: Path) -> None:
    database = Database.at(tmp_path / "a.db")
    try:
        async with database.write() as connection:
            assert await connection.scalar(sa.text("PRAGMA synchronous")) == NORMAL
        async with database.write_durably() as connection:
            assert await connection.scalar(sa.text("PRAGMA synchronous")) == FULL
    finally:
        await database.close()
