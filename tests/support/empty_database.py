"""An empty database of today's schema, migrated once for all tests of a run."""

from __future__ import annotations

from pathlib import Path

from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.migrate import open_database

_migrated: list[bytes] = []
"""An empty database of today's schema, made once: a migration takes longer than most tests."""


async def empty_database(path: Path) -> Database:
    """A copy of it at ``path``."""
    if not _migrated:
        await (await open_database(path)).close()
    _keep_or_copy(path)
    return Database.at(path)


def _keep_or_copy(path: Path) -> None:
    if not _migrated:
        _migrated.append(path.read_bytes())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(_migrated[0])
