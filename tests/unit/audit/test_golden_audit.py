"""Moves of goldens that no route wrote down come into the audit, once, with the register's own time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from golden_doubles import GOLDEN, NEXT, T0
from lab import Lab, open_lab

from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.core.errors import GoldenFailed
from vestibule.core.tables import Asked, AuditRow, Order
from vestibule.drivers.db.audit import DbAudit
from vestibule.services.golden_audit import GoldenAudit

pytestmark = pytest.mark.anyio
A = AuditAction


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as opened:
        opened.goldens.add(NEXT)
        yield opened


@pytest.fixture
def golden_audit(lab: Lab) -> GoldenAudit:
    context = lab.context
    rows = DbAudit(lab.database)
    return GoldenAudit(rows=rows, promotions=context.promotions, renewals=context.renewals, clock=lab.clock)


async def kept(lab: Lab) -> list[AuditRow]:
    window = Asked(sort="at", order=Order.ASC, offset=0, limit=100)
    return list((await lab.context.tables.rows.audit(window)).rows)


async def told(lab: Lab) -> list[tuple[AuditAction, str, str | None]]:
    return [(row.action, row.subject, row.actor) for row in await kept(lab)]


async def test_moves_are_written_down_once_they_have_settled(lab: Lab, golden_audit: GoldenAudit) -> None:
    lab.clock.move(2)
    lab.context.promotions.promote(NEXT, why="a command did it")
    await golden_audit.look()
    assert await told(lab) == []
    lab.clock.move(10)
    for _ in range(2):
        await golden_audit.look()
    first, second = await kept(lab)
    assert (first.action, first.subject, first.at) == (A.GOLDEN_PROMOTED, GOLDEN, T0)
    assert (second.subject, second.actor, second.detail) == (NEXT, None, "a command did it")


async def test_a_move_that_a_person_made_here_stays_theirs(lab: Lab, golden_audit: GoldenAudit) -> None:
    move = lab.context.promotions.promote_by_hand(NEXT).last(NEXT)
    assert move is not None
    theirs = AuditEvent(at=move.at, action=A.GOLDEN_PROMOTED, actor_id=lab.ann.user_id, subject=NEXT)
    await lab.context.audit.record(theirs)
    lab.clock.move(10)
    await lab.context.audit.close()
    await golden_audit.look()
    assert (A.GOLDEN_PROMOTED, NEXT, "ann") in await told(lab)
    assert (A.GOLDEN_PROMOTED, NEXT, None) not in await told(lab)


async def test_a_roll_back_is_one_deed(lab: Lab, golden_audit: GoldenAudit) -> None:
    lab.clock.move(1)
    lab.context.promotions.promote(NEXT, why="its canary passed")
    lab.clock.move(1)
    lab.context.promotions.roll_back(why="it failed people")
    lab.clock.move(10)
    await golden_audit.look()
    assert [(action, subject) for action, subject, _ in await told(lab)] == [
        (A.GOLDEN_PROMOTED, GOLDEN),
        (A.GOLDEN_PROMOTED, NEXT),
        (A.GOLDEN_ROLLED_BACK, NEXT),
    ]


async def test_the_next_controller_goes_on_where_this_one_was(lab: Lab, golden_audit: GoldenAudit) -> None:
    lab.clock.move(10)
    await golden_audit.look()
    lab.context.promotions.reject(NEXT, why="its canary failed")
    lab.clock.move(10)
    next_one = GoldenAudit(
        rows=DbAudit(lab.database),
        promotions=lab.context.promotions,
        renewals=lab.context.renewals,
        clock=lab.clock,
    )
    await next_one.look()
    assert [(action, subject) for action, subject, _ in await told(lab)] == [
        (A.GOLDEN_PROMOTED, GOLDEN),
        (A.GOLDEN_REJECTED, NEXT),
    ]


async def test_a_build_that_broke_is_told_once_and_stays(lab: Lab, golden_audit: GoldenAudit) -> None:
    broken = GoldenFailed("The mirror is down.", remedy="Wait.", code="mirror_failed")
    lab.works.failing["build"] = broken
    await lab.context.renewals.renew(NEXT, "an input changed")
    for _look in range(2):
        await golden_audit.look()
    lab.works.failing.clear()
    await lab.context.renewals.renew(NEXT, "once more")
    await golden_audit.look()
    rows = [row for row in await kept(lab) if row.action is A.GOLDEN_NOT_RENEWED]
    assert [(row.subject, row.code, row.detail) for row in rows] == [
        (NEXT, "mirror_failed", "The mirror is down.")
    ]
