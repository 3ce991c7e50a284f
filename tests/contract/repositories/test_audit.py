"""The audit's rows: added in order, named once, never changed."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.core.tables import Asked, AuditRow, Order
from vestibule.drivers.db.audit import DbAudit
from vestibule.drivers.db.schema import audit_events
from vestibule.drivers.db.tables import DbTables
from vestibule.drivers.db.unbroken import unbroken
from vestibule.services.audit import AuditRows

from .conftest import Store, at

pytestmark = pytest.mark.anyio
A = AuditAction


@pytest.fixture
def audit(store: Store) -> AuditRows:
    return DbAudit(store.database)


async def kept(store: Store) -> list[AuditRow]:
    window = Asked(sort="at", order=Order.ASC, offset=0, limit=100)
    return list((await DbTables(store.database).audit(window)).rows)


def destroyed(seconds: float, subject: str = "vm-1") -> AuditEvent:
    return AuditEvent(at=at(seconds), action=A.MACHINE_DESTROYED, subject=subject)


async def test_events_are_numbered_in_the_order_in_which_they_are_added(
    store: Store, audit: AuditRows
) -> None:
    await audit.add([destroyed(2), destroyed(1)])
    await audit.add_durably(destroyed(3))
    assert [(row.number, row.at) for row in await kept(store)] == [(2, at(1)), (1, at(2)), (3, at(3))]


async def test_an_actor_keeps_the_name_that_they_had(store: Store, audit: AuditRows) -> None:
    await store.someone()
    bob = await store.user("bob")
    await audit.add_durably(AuditEvent(at=at(1), action=A.TOKEN_ISSUED, actor_id=bob.user_id))
    await store.accounts.remove_user(bob.user_id)
    await audit.add([AuditEvent(at=at(2), action=A.TOKEN_REVOKED, actor_id=bob.user_id), destroyed(3)])
    assert [(row.actor_id, row.actor) for row in await kept(store)] == [
        ("u-bob", "bob"),
        ("u-bob", None),
        (None, None),
    ]


async def test_what_is_known_is_not_added_again(store: Store, audit: AuditRows) -> None:
    await audit.add([destroyed(1)])
    await audit.add_missing([destroyed(1), destroyed(1, "vm-2"), destroyed(2)])
    assert [(row.at, row.subject) for row in await kept(store)] == [
        (at(1), "vm-1"),
        (at(1), "vm-2"),
        (at(2), "vm-1"),
    ]


async def test_the_newest_of_some_actions_is_known(audit: AuditRows) -> None:
    assert await audit.newest({A.MACHINE_DESTROYED}) is None
    await audit.add([destroyed(5), destroyed(4), AuditEvent(at=at(9), action=A.KEY_ROTATED)])
    assert await audit.newest({A.MACHINE_DESTROYED, A.USER_ADDED}) == at(5)


@pytest.mark.parametrize(
    "change", [audit_events.update().values(subject="vm-2"), audit_events.delete()], ids=["update", "delete"]
)
@unbroken
async def test_no_row_is_changed_or_removed(store: Store, audit: AuditRows, change: object) -> None:
    await audit.add([destroyed(1)])
    with pytest.raises(IntegrityError, match="audit_events only grows"):
        async with store.database.write() as connection:
            await connection.execute(change)  # type: ignore[call-overload]  # either statement
    assert [row.subject for row in await kept(store)] == ["vm-1"]
