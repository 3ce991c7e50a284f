"""Windows into the tables: order, choices, texts, days, whose rows; and that an index does the work."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.core.custody import Custody
from vestibule.core.ids import GoldenId
from vestibule.core.machines import MachineStatus
from vestibule.core.sessions import SessionStatus
from vestibule.core.tables import Asked, AuditSort, CredentialSort, MachineSort, Order, SessionSort
from vestibule.drivers.db.audit import DbAudit
from vestibule.drivers.db.many_rows import fill
from vestibule.drivers.db.tables import DbTables
from vestibule.services.tables import TableRows

from .conftest import Store, at, credential_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def tables(store: Store) -> TableRows:
    return DbTables(store.database)


def asked(sort: str = "created_at", **changes: Any) -> Asked:
    window = Asked(sort=sort, order=Order.DESC, offset=0, limit=10)
    return dataclasses.replace(window, **changes)


@pytest.fixture
async def machines(store: Store) -> Store:
    """Three of ann's, the second failed; one of bob's, of another golden."""
    ann, bob = await store.user("ann"), await store.user("bob")
    for number in (1, 2, 3):
        await store.machine(number, ann)
    await store.machine(4, bob, golden_id=GoldenId("g-2"))
    await store.machines.advance(
        (await store.machines.of_user(ann.user_id))[1].vm_id,
        to=MachineStatus.FAILED,
        error_code="qemu_failed",
        error_cause="It ended.",
        ended_at=at(9),
    )
    return store


async def ids(tables: TableRows, **changes: Any) -> list[str]:
    return [row.vm_id for row in (await tables.machines(asked(**changes))).rows]


@pytest.mark.usefixtures("machines")
async def test_the_newest_come_first_and_the_oldest_where_that_is_asked(tables: TableRows) -> None:
    assert await ids(tables) == ["vm-4", "vm-3", "vm-2", "vm-1"]
    assert await ids(tables, order=Order.ASC) == ["vm-1", "vm-2", "vm-3", "vm-4"]


@pytest.mark.usefixtures("machines")
async def test_pages_follow_each_other_and_know_their_total(tables: TableRows) -> None:
    pages = [await tables.machines(asked(offset=offset, limit=3)) for offset in (0, 3, 6)]
    assert [[row.vm_id for row in page.rows] for page in pages] == [["vm-4", "vm-3", "vm-2"], ["vm-1"], []]
    assert [page.total for page in pages] == [4, 4, 4]


@pytest.mark.usefixtures("machines")
async def test_rows_that_are_alike_come_in_the_order_of_their_ids(tables: TableRows) -> None:
    assert await ids(tables, sort="golden_id") == ["vm-4", "vm-3", "vm-2", "vm-1"]
    assert await ids(tables, sort="golden_id", order=Order.ASC) == ["vm-1", "vm-2", "vm-3", "vm-4"]


@pytest.mark.usefixtures("machines")
async def test_any_value_of_a_facet_fits_and_every_facet_must(tables: TableRows) -> None:
    assert await ids(tables, chosen={"status": ["failed"]}) == ["vm-2"]
    assert await ids(tables, chosen={"status": ["failed", "creating"], "owner": ["bob"]}) == ["vm-4"]
    assert await ids(tables, chosen={"status": []}) == ["vm-4", "vm-3", "vm-2", "vm-1"]
    assert await ids(tables, chosen={"golden_id": ["g-2"], "status": ["failed"]}) == []


@pytest.mark.usefixtures("machines")
async def test_choices_are_counted_without_their_own_and_with_all_else(tables: TableRows) -> None:
    page = await tables.machines(asked(chosen={"status": ["failed"], "owner": ["ann"]}))
    found = {name: [(each.value, each.count) for each in choices] for name, choices in page.facets.items()}
    assert found == {
        "status": [("creating", 2), ("failed", 1)],
        "driver": [("container", 1)],
        "golden_id": [("g-1", 1)],
        "owner": [("ann", 1)],
    }


@pytest.mark.usefixtures("machines")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("VM-3", ["vm-3"]),
        ("Qemu_F", ["vm-2"]),
        ("bo", ["vm-4"]),
        ("g-1", ["vm-3", "vm-2", "vm-1"]),
        ("%", []),
        ("_m-1", []),
    ],
)
async def test_a_text_is_found_in_ids_and_names_as_it_is_written(
    tables: TableRows, text: str, found: list[str]
) -> None:
    assert await ids(tables, text=text) == found


async def test_one_users_rows_and_choices_are_theirs_alone(machines: Store, tables: TableRows) -> None:
    (ann, _) = await machines.accounts.users()
    page = await tables.machines(asked(of_user=ann.user_id))
    assert {row.owner for row in page.rows} == {"ann"}
    assert page.total == 3
    assert [(each.value, each.count) for each in page.facets["owner"]] == [("ann", 3)]


@pytest.mark.usefixtures("machines")
async def test_a_time_begins_with_its_first_moment_and_ends_before_its_last(tables: TableRows) -> None:
    assert await ids(tables, since=at(2), until=at(4)) == ["vm-3", "vm-2"]


async def test_sessions_tell_their_owner_and_their_end(store: Store, tables: TableRows) -> None:
    ann = await store.someone()
    session = await store.session(1, ann)
    await store.sessions.advance(
        session.session_id,
        seen=SessionStatus.STARTED,
        to=SessionStatus.FAILED,
        at=at(5),
        error_code="start_timeout",
        error_cause="It was slow.",
        error_remedy="Wait.",
        auth_url="https://example.com/visibly-fake",
    )
    (row,) = (await tables.sessions(asked())).rows
    assert (row.owner, row.status, row.error_code, row.completed_at) == (
        *("ann", SessionStatus.FAILED, "start_timeout", at(5)),
    )
    assert "visibly-fake" not in repr(row)
    assert (await tables.sessions(asked(chosen={"error_code": ["other"]}))).total == 0


async def test_credentials_are_told_without_their_content(store: Store, tables: TableRows) -> None:
    session = await store.authenticating(1, await store.someone())
    await store.sessions.complete(session.session_id, credential_of(session), seen=session.status, at=at(9))
    page = await tables.credentials(asked("sealed_at", chosen={"custody": ["sealed"]}))
    (row,) = page.rows
    assert (row.owner, row.custody, row.account) == ("ann", Custody.SEALED, "demo@example.test")
    assert "bytes" not in repr(row), "its content"


async def test_the_audit_is_searched_by_who_and_what(store: Store, tables: TableRows) -> None:
    ann = await store.someone()
    audit = DbAudit(store.database)
    exported = AuditEvent(
        at=at(1), action=AuditAction.CREDENTIAL_EXPORTED, actor_id=ann.user_id, subject="c-1"
    )
    await audit.add([exported, AuditEvent(at=at(2), action=AuditAction.MACHINE_DESTROYED, subject="vm-1")])
    page = await tables.audit(asked("at", chosen={"actor": ["ann"]}))
    assert [(row.action, row.subject, row.number) for row in page.rows] == [
        (AuditAction.CREDENTIAL_EXPORTED, "c-1", 1)
    ]
    assert [each.value for each in page.facets["action"]] == ["credential_exported"]
    assert [row.actor for row in (await tables.audit(asked("at", text="VM-"))).rows] == [None]


@pytest.mark.parametrize(
    ("table", "sorts"),
    [
        ("machines", MachineSort),
        ("sessions", SessionSort),
        ("credentials", CredentialSort),
        ("audit", AuditSort),
    ],
)
async def test_every_column_that_is_offered_sorts(
    tables: TableRows, store: Store, table: str, sorts: type[MachineSort]
) -> None:
    await store.someone()
    for sort in sorts:
        for order in Order:
            assert (await getattr(tables, table)(asked(sort, order=order))).total == 0


@pytest.mark.parametrize(
    ("table", "sort"),
    [("machines", "created_at"), ("sessions", "created_at"), ("credentials", "sealed_at"), ("audit", "at")],
)
async def test_the_usual_order_needs_no_sorting(
    store: Store, tables: TableRows, table: str, sort: str
) -> None:
    await store.someone()
    await fill(store.database, 2)
    seen: list[str] = []
    engine = store.database._reader.sync_engine
    sa.event.listen(engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    await getattr(tables, table)(asked(sort))
    edge, window = (statement for statement in seen if "ORDER BY" in statement)
    for statement, index in (edge, "USING COVERING INDEX"), (window, "USING INDEX"):
        async with store.database.read() as connection:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (10, 0))
            steps = [str(row[-1]) for row in plan]
        assert any(index in step for step in steps), steps
        assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.usefixtures("machines")
async def test_so_many_rows_are_looked_at_and_whether_there_are_more_is_said(store: Store) -> None:
    tables = DbTables(store.database, reach=3)
    page = await tables.machines(asked())
    assert ([row.vm_id for row in page.rows], page.total) == (["vm-4", "vm-3", "vm-2"], 3)
    assert page.bounded
    assert [(each.value, each.count) for each in page.facets["owner"]] == [("ann", 2), ("bob", 1)]
    anns = await tables.machines(asked(chosen={"owner": ["ann"]}))
    assert (anns.total, anns.bounded) == (2, True)
    earlier = await tables.machines(asked(until=at(4)))
    assert ([row.vm_id for row in earlier.rows], earlier.bounded) == (["vm-3", "vm-2", "vm-1"], False)


@pytest.mark.usefixtures("machines")
async def test_the_oldest_rows_are_looked_at_where_they_come_first(store: Store) -> None:
    page = await DbTables(store.database, reach=2).machines(asked(order=Order.ASC))
    assert ([row.vm_id for row in page.rows], page.total, page.bounded) == (["vm-1", "vm-2"], 2, True)


@pytest.mark.usefixtures("machines")
async def test_a_whole_id_is_found_among_all_rows_and_a_part_of_it_is_not(store: Store) -> None:
    tables = DbTables(store.database, reach=2)
    whole = await tables.machines(asked(text="VM-1"))
    assert ([row.vm_id for row in whole.rows], whole.total, whole.bounded) == (["vm-1"], 1, False)
    part = await tables.machines(asked(text="m-1"))
    assert (part.rows, part.total, part.bounded) == ([], 0, True)


async def test_an_id_of_someone_else_is_not_found(machines: Store, tables: TableRows) -> None:
    (ann, _) = await machines.accounts.users()
    assert (await tables.machines(asked(text="vm-4", of_user=ann.user_id))).total == 0


async def test_an_id_with_more_rows_than_are_looked_at_says_so(store: Store) -> None:
    same = AuditEvent(at=at(1), action=AuditAction.MACHINE_DESTROYED, subject="vm-1")
    await DbAudit(store.database).add([same] * 5)
    page = await DbTables(store.database, reach=3).audit(asked("at", text="vm-1"))
    assert (page.total, page.bounded) == (4, True)
