"""The bench of growth on small numbers: it fills, asks, compares, and names what walks along a table."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from pathlib import Path

import pytest

from vestibule.benches.growth import in_pairs
from vestibule.benches.old_database import Plan, _is_endless, fill_state, plans_of
from vestibule.core.ids import UserId
from vestibule.core.records import User
from vestibule.drivers.db.accounts import DbAccounts
from vestibule.drivers.db.many_rows import GROWING
from vestibule.drivers.db.migrate import open_database

T0 = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


async def _with_a_user(path: Path) -> None:
    database = await open_database(path)
    await DbAccounts(database).add_user(User(user_id=UserId("u-ann"), name="ann", created_at=T0))
    await database.close()


def _filled(path: Path, rows: int) -> Path:
    asyncio.run(_with_a_user(path))
    asyncio.run(fill_state(path, rows))
    return path


def test_every_table_that_grows_is_filled_and_every_query_has_a_plan(tmp_path: Path) -> None:
    path = _filled(tmp_path / "old.db", 40)
    with sqlite3.connect(path) as connection:
        counts = {
            table.name: connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]  # noqa: S608
            for table in GROWING
        }
    connection.close()
    assert counts == {**{table.name: 40 for table in GROWING}, "credentials": 36}
    plans = asyncio.run(plans_of(path, 40, reach=10))
    assert all(plan.steps for plan in plans)
    assert [(plan.asked, plan.steps) for plan in plans if plan.scans] == []
    assert {"a session", "the table of sessions", "the audit", "gauges"} <= {plan.asked for plan in plans}
    (read,) = (plan for plan in plans if plan.asked == "a session")
    assert read.steps[0].startswith("SEARCH auth_sessions USING INDEX")


@pytest.mark.parametrize(
    ("query", "step", "found"),
    [
        ("SELECT 1 FROM vms", "SCAN vms", "scan"),
        ("SELECT 1 FROM vms WHERE status = ?", "SCAN vms USING INDEX ix", "scan"),
        ("SELECT count(*) FROM vms", "SCAN vms USING COVERING INDEX ix", "scan"),
        ("SELECT 1 FROM vms ORDER BY created_at LIMIT ?", "SCAN vms USING INDEX ix", "search"),
        ("SELECT 1 FROM vms WHERE vm_id = ?", "SEARCH vms USING INDEX ix (vm_id=?)", "search"),
        (
            "SELECT 1 FROM vms WHERE status IN ('running')",
            "SCAN vms USING INDEX ux_vms_live_address",
            "search",
        ),
        ("SELECT 1 FROM users", "SCAN users", "search"),
    ],
)
def test_a_walk_along_a_table_that_grows_is_told_from_a_search(query: str, step: str, found: str) -> None:
    assert _is_endless(query, [step]) is (found == "scan")


def test_what_a_question_takes_is_the_sum_of_its_queries() -> None:
    def plan(instructions: int, *, scans: bool = False) -> Plan:
        return Plan(asked="a list", query="q", steps=["SCAN vms"], scans=scans, instructions=instructions)

    (pair,) = in_pairs([plan(100), plan(200)], [plan(100), plan(900, scans=True)])
    assert (pair.young_instructions, pair.old_instructions, pair.scans) == (300, 1000, ["SCAN vms"])
