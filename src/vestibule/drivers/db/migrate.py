"""Brings a database to today's schema, in one transaction, at every start.

The migrations are modules of this package (``migrations/versions``), so an installed wheel carries them; a
migration is never changed once it was released.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from vestibule.core.errors import HostUnfit
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.unbroken import unbroken

SCRIPTS = Path(__file__).parent / "migrations"


async def open_database(path: Path) -> Database:
    """Open the database file ``path``, made and migrated as needed.

    Raises HostUnfit: ``database_unusable``, or ``database_newer`` when a later Vestibule wrote it.
    """
    database = Database.at(path)
    try:
        await migrate(database)
    except BaseException:
        await database.close()
        raise
    return database


@unbroken
async def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to ``revision``; a failure leaves the schema as it was."""
    async with database.write() as connection:
        await connection.run_sync(_upgrade, revision)


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, without a file: the scripts beside this module, this connection."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection, revision: str) -> None:
    config = configuration(connection)
    _refuse_newer(connection, ScriptDirectory.from_config(config))
    command.upgrade(config, revision)


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise HostUnfit(
            f"The database is at version {current}, which this Vestibule does not know.",
            remedy="Start the newer Vestibule that wrote it, or restore a backup of the database.",
            code="database_newer",
        )
