"""The database file: schema and migrations agree, constraints are the enums', trouble is named."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import sqlite3
import stat
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncConnection

from vestibule.core import records
from vestibule.core.custody import Custody
from vestibule.core.errors import HostUnfit, Unavailable
from vestibule.core.ids import CredentialId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.db import engine as db_engine
from vestibule.drivers.db import schema
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.machines import DbMachines
from vestibule.drivers.db.migrate import SCRIPTS, migrate, open_database
from vestibule.drivers.db.unbroken import unbroken
from vestibule.drivers.db.write_probe import lock_held

pytestmark = pytest.mark.anyio

REVISIONS = [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def empty() -> AsyncIterator[Database]:
    database = Database.in_memory()
    yield database
    await database.close()


def _described(connection: sa.Connection) -> dict[str, Any]:
    """All that a table is: alembic's own comparison looks neither at CHECKs nor at partial indexes."""
    inspector = sa.inspect(connection)
    return {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
            "checks": sorted((c["name"] or "", c["sqltext"]) for c in inspector.get_check_constraints(table)),
            "indexes": sorted(
                (i["name"] or "", tuple(i["column_names"]), str(i["unique"]), _where(i))
                for i in inspector.get_indexes(table)
            ),
            "unique": sorted(
                (u["name"] or "", tuple(u["column_names"])) for u in inspector.get_unique_constraints(table)
            ),
            "foreign": sorted(str(sorted(f.items(), key=str)) for f in inspector.get_foreign_keys(table)),
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _where(index: Any) -> str:
    return str(index.get("dialect_options", {}).get("sqlite_where", ""))


@pytest.mark.parametrize("start", ["base", *REVISIONS])
@unbroken
async def test_upgrading_from_any_version_makes_the_declared_tables(empty: Database, start: str) -> None:
    if start != "base":
        await migrate(empty, start)
    await migrate(empty)
    declared = Database.in_memory()
    async with declared.write() as connection:
        await connection.run_sync(schema.metadata.create_all)
        wanted = await connection.run_sync(_described)
    await declared.close()
    async with empty.read() as connection:
        assert await connection.run_sync(_described) == wanted
        assert await connection.run_sync(_differences) == []


@unbroken
async def test_sessions_that_ended_before_they_were_counted_are_counted_by_the_same_triggers(
    empty: Database,
) -> None:
    await migrate(empty, "v0016")
    moment, ended = "2026-01-01 00:00:00.000000", "2026-01-01 05:59:59.999999"
    async with empty.write() as connection:
        await connection.exec_driver_sql("INSERT INTO users VALUES ('u-1', 'ann', ?)", (moment,))
        for session_id in ("s-1", "s-2"):
            await connection.exec_driver_sql(
                "INSERT INTO auth_sessions (session_id, user_id, provider, status, error_code,"
                " error_evidence, seq, created_at, completed_at)"
                " VALUES (?, 'u-1', 'demo', 'failed', 'lost', '{}', 5, ?, ?)",
                (session_id, moment, ended),
            )
    await migrate(empty)
    declared = Database.in_memory()
    async with declared.write() as connection:
        await connection.run_sync(schema.metadata.create_all)
        wanted = await _triggers(connection)
    await declared.close()
    async with empty.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT * FROM ended_sessions")).all()
        assert [tuple(row) for row in rows] == [(490901, "u-1", "failed", "lost", "", 2)]
        assert await _triggers(connection) == wanted


async def _triggers(connection: AsyncConnection) -> set[str]:
    found = await connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
    return {" ".join(str(row[0]).split()) for row in found}


@unbroken
async def test_what_was_sealed_before_there_was_custody_is_in_the_vault(empty: Database) -> None:
    await migrate(empty, "v0002")
    moment = "2026-01-01 00:00:00.000000"
    session = "auth_sessions (session_id, user_id, provider, status, error_evidence, seq, created_at)"
    async with empty.write() as connection:
        for row in (
            f"users VALUES ('u-1', 'ann', '{moment}')",
            f"{session} VALUES ('s-1', 'u-1', 'demo', 'completed', '{{}}', 5, '{moment}')",
            f"credentials VALUES ('c-1', 'u-1', 's-1', 'demo', 'ann', NULL, x'01ff', '{moment}')",
        ):
            await connection.exec_driver_sql(f"INSERT INTO {row}")
    await migrate(empty)
    rows = DbCredentials(empty)
    kept = await rows.get(CredentialId("c-1"))
    assert (kept.account, kept.sealed, kept.custody, kept.holder, kept.seq) == (
        *("ann", b"\x01\xff", Custody.SEALED, None, 0),
    )
    (first,) = await rows.history(kept.credential_id)
    assert (first.custody, first.at) == (Custody.SEALED, kept.sealed_at)


_OLD_MACHINE = (
    "vms (vm_id, user_id, type, driver, isolation, status, vm_ip, golden_id, host, error_code, error_cause,"
    " created_at) VALUES"
    " (?, 'u-1', 'browser', 'fake', 'container', 'failed', '192.168.100.2', 'g-1', 'here', ?, ?, ?)"
)


@unbroken
async def test_failures_of_before_have_the_codes_of_today(empty: Database) -> None:
    await migrate(empty, "v0008")
    moment = "2026-01-01 00:00:00.000000"
    causes = {
        "vm-1": ("host_exhausted", "It ended, while the host was short of memory and killed 2 processes."),
        "vm-2": ("host_exhausted", "It was silent, while the host had 9 tasks for each processor."),
        "vm-3": ("machine_exited", "It ended."),
    }
    async with empty.write() as connection:
        for table, row in (
            ("users VALUES (?, ?, ?)", ("u-1", "ann", moment)),
            *((_OLD_MACHINE, (vm_id, *told, moment)) for vm_id, told in causes.items()),
        ):
            await connection.exec_driver_sql(f"INSERT INTO {table}", row)
    await migrate(empty)
    rows = DbMachines(empty)
    assert [(await rows.get(VmId(vm_id))).error_code for vm_id in causes] == [
        "host_out_of_memory",
        "host_saturated",
        "machine_exited",
    ]


def _differences(connection: sa.Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))


@unbroken
async def test_the_comparison_sees_an_enum_that_drifted(empty: Database) -> None:
    await migrate(empty)
    async with empty.write() as connection:
        before = await connection.run_sync(_described)
        await connection.execute(sa.text("DROP TABLE session_stages"))
        await connection.execute(
            sa.text(
                "CREATE TABLE session_stages (session_id TEXT, status TEXT CHECK (status IN ('started')))"
            )
        )
        after = await connection.run_sync(_described)
    assert before["session_stages"]["checks"] != after["session_stages"]["checks"]


@unbroken
async def test_a_failed_migration_leaves_nothing_behind(empty: Database) -> None:
    async with empty.write() as connection:
        await connection.execute(sa.text("CREATE TABLE credentials (in_the_way INTEGER)"))
    with pytest.raises(HostUnfit):
        await migrate(empty)
    async with empty.read() as connection:
        names = await connection.run_sync(lambda c: sa.inspect(c).get_table_names())
    assert names == ["credentials"]


@pytest.mark.parametrize(
    ("table", "record"),
    [
        (schema.users, records.User),
        (schema.api_tokens, records.ApiToken),
        (schema.auth_sessions, records.SessionRecord),
        (schema.session_stages, records.StageRecord),
        (schema.session_notices, records.NoticeRecord),
        (schema.credentials, records.CredentialRecord),
        (schema.credential_custody, records.CustodyRecord),
        (schema.view_tickets, records.ViewTicketRecord),
        (schema.vms, MachineRecord),
    ],
)
def test_columns_are_the_records_fields(table: sa.Table, record: Any) -> None:
    assert set(table.c.keys()) == {field.name for field in dataclasses.fields(record)}


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("auth_sessions", "status", SessionStatus),
        ("auth_sessions", "driver", DriverName),
        ("auth_sessions", "isolation", Isolation),
        ("auth_sessions", "error_stage", SessionStatus),
        ("session_stages", "status", SessionStatus),
        ("credentials", "custody", Custody),
        ("credential_custody", "custody", Custody),
        ("vms", "status", MachineStatus),
        ("vms", "type", MachineType),
        ("vms", "driver", DriverName),
        ("vms", "isolation", Isolation),
    ],
)
async def test_every_member_of_an_enum_fits_its_check(
    empty: Database, table: str, column: str, kind: type[enum.StrEnum]
) -> None:
    await migrate(empty)
    async with empty.read() as connection:
        checks = await connection.run_sync(lambda c: sa.inspect(c).get_check_constraints(table))
    text = next(c["sqltext"] for c in checks if c["name"] == f"ck_{table}_{column}")
    assert text == f"{column} IN ({', '.join(repr(member.value) for member in kind)})"


@unbroken
async def test_a_value_outside_the_enum_is_refused_by_the_database(empty: Database) -> None:
    await migrate(empty)
    row = sa.text("INSERT INTO session_stages VALUES ('s-1', 'nonsense', '2026-01-01')")
    with pytest.raises(sa.exc.IntegrityError, match="ck_session_stages_status"):
        async with empty.write() as connection:
            await connection.execute(row)


async def test_a_new_file_is_its_owners_alone_and_uses_wal(tmp_path: Path) -> None:
    path = tmp_path / "state" / "vestibule.db"
    database = await open_database(path)
    async with database.read() as connection:
        modes = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "busy_timeout", "foreign_keys")
        ]
    await database.close()
    assert modes == ["wal", 20000, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@unbroken
async def test_opening_again_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "vestibule.db"
    first = await open_database(path)
    async with first.write() as connection:
        await connection.execute(ANN)
    await first.close()
    second = await open_database(path)
    async with second.read() as connection:
        assert await connection.scalar(sa.select(schema.users.c.name)) == "ann"
    await second.close()


ANN = sa.text("INSERT INTO users VALUES ('u-1', 'ann', '2026-01-01 00:00:00')")


@unbroken
async def _write_and_fail(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(ANN)
        raise ZeroDivisionError


async def test_a_block_that_raises_writes_nothing(empty: Database) -> None:
    await migrate(empty)
    with pytest.raises(ZeroDivisionError):
        await _write_and_fail(empty)
    async with empty.read() as connection:
        assert (await connection.execute(schema.users.select())).all() == []


@unbroken
async def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "vestibule.db")
    async with database.write() as writer:
        await writer.execute(ANN)
        async with asyncio.timeout(3), database.read() as reader:
            assert (await reader.execute(schema.users.select())).all() == []
    await database.close()


async def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vestibule.db"
    await (await open_database(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9999'")
    connection.close()
    with pytest.raises(HostUnfit) as refused:
        await open_database(path)
    assert refused.value.failure_code == "database_newer"
    assert "v9999" in refused.value.cause


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vestibule.db"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(HostUnfit) as refused:
        await open_database(path)
    assert refused.value.failure_code == "database_unusable"


async def test_a_path_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HostUnfit, match=r"Not a directory|File exists"):
        await open_database(tmp_path / "file" / "vestibule.db")


@unbroken
async def test_a_lock_held_by_another_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vestibule.db"
    monkeypatch.setattr(db_engine, "BUSY_S", 0.05)
    database = await open_database(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Unavailable) as refused:
            async with database.write():
                pass
    finally:
        other.close()
        await database.close()
    assert refused.value.failure_code == "database_busy"


HOLDER = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


async def test_who_holds_the_lock_that_a_write_waits_for_is_known(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "vestibule.db")
    assert lock_held(tmp_path) is None
    argv = [sys.executable, "-c", HOLDER, str(tmp_path / "vestibule.db")]
    holder = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    told = lock_held(tmp_path)
    await holder.communicate(b"")
    assert told is not None
    assert f"(pid {holder.pid}) holds the database's lock" in told.cause
    assert lock_held(tmp_path) is None
    await database.close()


async def test_who_waits_in_vain_for_a_connection_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db_engine, "TURN_S", 0.05)
    monkeypatch.setattr(db_engine, "CONNECTIONS", 1)
    database = Database.at(tmp_path / "vestibule.db")
    async with database.read():
        with pytest.raises(Unavailable) as refused:
            async with database.read():
                pass
    await database.close()
    assert refused.value.failure_code == "database_busy"


async def test_a_statement_that_reads_is_one_trip_to_the_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await open_database(tmp_path / "vestibule.db")
    accounts = DbAccounts(database)
    await accounts.users()  # opens the connection
    trips, make = [], aiosqlite.Connection._execute

    async def counted(connection: aiosqlite.Connection, work: Any, *args: Any) -> Any:
        trips.append(work)
        return await make(connection, work, *args)  # type: ignore[no-untyped-call]  # aiosqlite's

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    await accounts.users()
    assert len(trips) == 1
    await database.close()


@unbroken
async def _overfill(database: Database) -> None:
    big = sa.text("INSERT INTO users VALUES ('u-1', :name, '2026-01-01 00:00:00')")
    async with database.write() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1")
        await connection.execute(big, {"name": "x" * 10_000_000})


async def test_a_full_disk_is_named(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "vestibule.db")
    with pytest.raises(Unavailable) as refused:
        await _overfill(database)
    await database.close()
    assert refused.value.failure_code == "disk_full"


async def test_a_write_that_nobody_shields_is_refused(empty: Database) -> None:
    with pytest.raises(AssertionError, match="unbroken"):
        async with empty.write():
            pass


async def test_a_write_whose_caller_is_cancelled_is_whole_and_frees_the_database(empty: Database) -> None:
    begun, ended = asyncio.Event(), []

    @unbroken
    async def write() -> None:
        async with empty.write() as connection:
            begun.set()
            await connection.execute(sa.text("CREATE TABLE kept (n INTEGER)"))
            await connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
        ended.append("written")

    caller = asyncio.create_task(write())
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended == ["written"]
    async with empty.read() as connection:
        assert (await connection.execute(sa.text("SELECT n FROM kept"))).scalar_one() == 1


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_all_connections_are_opened_at_once_and_kept(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "vestibule.db")
    await database.open_all()
    opened = descriptors()

    async def read() -> None:
        async with database.read() as connection:
            await connection.execute(sa.text("SELECT 1"))

    @unbroken
    async def write() -> None:
        async with database.write_durably() as connection:
            await connection.execute(sa.text("SELECT 1"))

    await asyncio.gather(*(work() for work in (read, write) for _ in range(20)))
    assert descriptors() == opened
    await database.close()
