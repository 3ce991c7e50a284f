"""The audit's writer: what waits for the disk, what is stored behind, and a store that breaks."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence

import pytest
from golden_doubles import T0, Clock
from structlog.testing import capture_logs
from waiting import until

from vestibule.core.audit import BEFORE_THE_ANSWER, AuditAction, AuditEvent, AuditOutcome, fit
from vestibule.core.errors import DiskFull
from vestibule.services import audit as module
from vestibule.services.audit import Audit

pytestmark = pytest.mark.anyio
A = AuditAction


class Rows:
    """A store that may be full."""

    def __init__(self) -> None:
        self.behind: list[AuditEvent] = []
        self.durable: list[AuditEvent] = []
        self.full = False
        self.tries = 0

    async def add(self, events: Sequence[AuditEvent]) -> None:
        self.tries += 1
        self._check()
        self.behind += events

    async def add_durably(self, event: AuditEvent) -> None:
        self._check()
        self.durable.append(event)

    async def add_missing(self, events: Sequence[AuditEvent]) -> None:
        raise NotImplementedError

    async def newest(self, actions: Collection[AuditAction]) -> dt.datetime | None:
        raise NotImplementedError

    def _check(self) -> None:
        if self.full:
            raise DiskFull("It is full.", remedy="Make room.")


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def audit(rows: Rows) -> Audit:
    return Audit(rows=rows, clock=Clock())


def event(action: AuditAction, subject: str = "c-1") -> AuditEvent:
    return AuditEvent(at=T0, action=action, subject=subject)


@pytest.mark.parametrize("action", sorted(BEFORE_THE_ANSWER))
async def test_what_hands_out_a_secret_is_on_the_disk_first(
    rows: Rows, audit: Audit, action: AuditAction
) -> None:
    await audit.record(event(action))
    assert rows.durable == [event(action)]


async def test_and_fails_where_that_cannot_be(rows: Rows, audit: Audit) -> None:
    rows.full = True
    with pytest.raises(DiskFull):
        await audit.record(event(A.CREDENTIAL_EXPORTED))


async def test_a_refusal_hands_out_nothing_and_waits_for_nothing(rows: Rows, audit: Audit) -> None:
    refused = dataclasses.replace(event(A.CREDENTIAL_EXPORTED), outcome=AuditOutcome.REFUSED, code="absent")
    await audit.record(refused)
    await audit.close()
    assert (rows.durable, rows.behind) == ([], [refused])


async def test_the_others_come_in_their_order(rows: Rows, audit: Audit) -> None:
    for number in range(3):
        audit.note(A.MACHINE_DESTROYED, subject=f"vm-{number}")
    await until(lambda: rows.behind)
    assert [each.subject for each in rows.behind] == ["vm-0", "vm-1", "vm-2"]
    assert rows.tries == 1


async def test_what_the_controller_does_has_a_time_and_no_actor(rows: Rows, audit: Audit) -> None:
    audit.note(A.MACHINE_DESTROYED, subject="vm-1", code="qemu_failed")
    await audit.close()
    (stored,) = rows.behind
    assert (stored.at, stored.actor_id, stored.outcome) == (T0, None, AuditOutcome.FAILED)


async def test_a_store_that_breaks_is_tried_again_and_said_once(
    rows: Rows, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.001)
    rows.full = True
    with capture_logs() as log:
        audit.note(A.MACHINE_DESTROYED, subject="vm-1")
        await until(lambda: rows.tries >= 3)
        audit.note(A.MACHINE_DESTROYED, subject="vm-2")
        rows.full = False
        await until(lambda: len(rows.behind) == 2)
    assert [each.subject for each in rows.behind] == ["vm-1", "vm-2"]
    assert [line["log_level"] for line in log] == ["error"]


async def test_one_too_many_costs_the_oldest_which_is_said(
    rows: Rows, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    with capture_logs() as log:
        for number in range(3):
            audit.note(A.MACHINE_DESTROYED, subject=f"vm-{number}")
    await audit.close()
    assert [each.subject for each in rows.behind] == ["vm-1", "vm-2"]
    assert [line["subject"] for line in log] == ["vm-0"]


async def test_what_could_not_be_stored_at_the_end_is_said(
    rows: Rows, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 60)
    rows.full = True
    audit.note(A.MACHINE_DESTROYED, subject="vm-1")
    with capture_logs() as log:
        await audit.close()
        audit.note(A.MACHINE_DESTROYED, subject="vm-2")
    assert [line["event"] for line in log][-2:] == [
        "Events of the audit were not stored",
        "An event of the audit came when the database closed",
    ]


def test_secrets_that_people_type_are_taken_out_and_long_texts_cut() -> None:
    typed = AuditEvent(
        at=T0,
        action=A.TOKEN_ISSUED,
        subject="x" * 1000,
        detail="token=visibly-fake-secret-of-somebody",
    )
    kept = fit(typed)
    assert "visibly-fake" not in kept.detail
    assert len(kept.subject) == 128
    assert kept.subject.endswith("…")
