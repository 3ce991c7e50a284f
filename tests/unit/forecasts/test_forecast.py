"""When a credential's end is near, and when a post is tried again: decided without a clock."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from vestibule.core.custody import Custody
from vestibule.core.forecast import PAUSES, ExpiryWarning, attempted, expires_soon, usable_until
from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.records import CredentialRecord

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
RECORD = CredentialRecord(
    credential_id=CredentialId("c-1"),
    user_id=UserId("u-1"),
    session_id=SessionId("s-1"),
    provider="demo",
    account="ann",
    expires_at=NOW + HOUR,
    login_expires_at=NOW + 10 * HOUR,
    sealed=b"sealed",
    sealed_at=NOW,
)
WARNING = ExpiryWarning(
    credential_id=CredentialId("c-1"), usable_until=NOW + HOUR, warned_at=NOW, next_attempt_at=NOW
)


def test_it_can_be_used_as_long_as_its_login_lasts_not_its_access_token() -> None:
    assert usable_until(RECORD) == NOW + 10 * HOUR


def test_nobody_says_how_long_or_it_is_deleted() -> None:
    for changes in ({"login_expires_at": None}, {"custody": Custody.REVOKED}):
        record = dataclasses.replace(RECORD, **changes)
        assert usable_until(record) is None
        assert not expires_soon(record, NOW, 1000 * HOUR)


@pytest.mark.parametrize(
    ("at_h", "ahead_h", "soon"),
    [(0, 9, False), (0, 10, True), (1, 9, True), (10, 9, True), (99, 9, True), (99, 0, False)],
)
def test_its_end_is_near_from_the_time_ahead_on_and_after_it(at_h: int, ahead_h: int, *, soon: bool) -> None:
    assert expires_soon(RECORD, NOW + at_h * HOUR, ahead_h * HOUR) is soon


def test_pauses_grow_and_end() -> None:
    warning, pauses = WARNING, []
    while warning.next_attempt_at is not None:
        warning = attempted(warning, NOW, delivered=False)
        pauses.append(warning.next_attempt_at and warning.next_attempt_at - NOW)
    assert pauses == [*PAUSES, None]
    assert list(PAUSES) == sorted(PAUSES)
    assert (warning.attempts, warning.delivered_at) == (len(PAUSES) + 1, None)


def test_what_was_taken_is_not_tried_again() -> None:
    done = attempted(WARNING, NOW + HOUR, delivered=True)
    assert (done.attempts, done.next_attempt_at, done.delivered_at) == (1, None, NOW + HOUR)
