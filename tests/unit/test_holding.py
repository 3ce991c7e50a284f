"""Who may move a credential, and which of two versions is kept: every answer of a small table."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import pytest

from vestibule.core import holding
from vestibule.core.custody import TRANSITIONS, Custody
from vestibule.core.errors import Conflict
from vestibule.core.ids import CredentialId, SessionId, UserId
from vestibule.core.records import CredentialRecord

C = Custody
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SEALED = CredentialRecord(
    credential_id=CredentialId("c-1"),
    user_id=UserId("u-1"),
    session_id=SessionId("s-1"),
    provider="demo",
    account="ann",
    expires_at=NOW + HOUR,
    sealed=b"sealed",
    sealed_at=NOW,
)
OUT = holding.check_out(SEALED, "laptop", NOW)
BACK = holding.give_back(OUT, "laptop")
GONE = holding.revoke(SEALED)
Move = Callable[[CredentialRecord], CredentialRecord]


def check_out(record: CredentialRecord) -> CredentialRecord:
    return holding.check_out(record, "desk", NOW)


def give_back(record: CredentialRecord) -> CredentialRecord:
    return holding.give_back(record, "laptop")


def give_back_as_another(record: CredentialRecord) -> CredentialRecord:
    return holding.give_back(record, "desk")


@pytest.mark.parametrize(
    ("record", "move", "becomes"),
    [
        (SEALED, check_out, C.CHECKED_OUT),
        (SEALED, give_back, "credential_not_checked_out"),
        (SEALED, holding.revoke, C.REVOKED),
        (OUT, check_out, "credential_checked_out"),
        (OUT, give_back, C.RETURNED),
        (OUT, give_back_as_another, "credential_held_by_another"),
        (OUT, holding.revoke, C.REVOKED),
        (BACK, check_out, C.CHECKED_OUT),
        (BACK, give_back, "credential_not_checked_out"),
        (BACK, holding.revoke, C.REVOKED),
        (GONE, check_out, "credential_revoked"),
        (GONE, give_back, "credential_revoked"),
        (GONE, holding.revoke, "credential_revoked"),
    ],
)
def test_every_move_from_every_state(record: CredentialRecord, move: Move, becomes: Custody | str) -> None:
    if isinstance(becomes, Custody):
        moved = move(record)
        assert moved.custody is becomes
        assert becomes in TRANSITIONS[record.custody]
        assert moved.seq == record.seq + 1
        assert (moved.holder is None) == (moved.held_since is None) == (becomes is not C.CHECKED_OUT)
        return
    with pytest.raises(Conflict) as refused:
        move(record)
    assert refused.value.failure_code == becomes
    assert "c-1" in refused.value.cause
    assert refused.value.remedy.endswith(".")


def test_revoking_leaves_no_content() -> None:
    assert (GONE.sealed, GONE.account) == (b"", "ann")


def test_who_comes_second_is_told_who_was_first_and_since_when() -> None:
    with pytest.raises(Conflict) as refused:
        holding.check_out(OUT, "laptop", NOW + HOUR)
    assert "laptop since 2026-11-22T12:00:00+00:00" in refused.value.cause
    assert refused.value.evidence == {"holder": "laptop", "held_since": NOW}


def test_who_returns_another_s_is_told_whose_it_is() -> None:
    with pytest.raises(Conflict) as refused:
        give_back_as_another(OUT)
    assert "laptop" in refused.value.cause
    assert "not to desk" in refused.value.cause


@pytest.mark.parametrize(
    ("kept", "written", "taken"),
    [
        (NOW, NOW + HOUR, True),
        (NOW, NOW, True),
        (NOW, NOW - HOUR, False),
        (NOW, None, False),
        (None, NOW, True),
        (None, None, True),
    ],
)
def test_newer_wins_by_the_provider_s_own_expiry(
    kept: dt.datetime | None, written: dt.datetime | None, *, taken: bool
) -> None:
    record = dataclasses.replace(OUT, expires_at=kept)
    if taken:
        assert holding.refresh(record, expires_at=written, account="ann").expires_at == written
        return
    with pytest.raises(Conflict) as refused:
        holding.refresh(record, expires_at=written, account="ann")
    assert refused.value.failure_code == "credential_superseded"


@pytest.mark.parametrize(
    ("kept", "written", "becomes"),
    [("ann", "ann", "ann"), ("ann", None, "ann"), (None, "ann", "ann"), (None, None, None)],
)
def test_an_account_that_is_not_told_again_stays_known(
    kept: str | None, written: str | None, becomes: str | None
) -> None:
    record = dataclasses.replace(OUT, account=kept)
    assert holding.refresh(record, expires_at=OUT.expires_at, account=written).account == becomes


def test_a_login_of_somebody_else_takes_no_place() -> None:
    with pytest.raises(Conflict) as refused:
        holding.refresh(OUT, expires_at=NOW + 2 * HOUR, account="bob")
    assert refused.value.failure_code == "credential_of_another_account"


def test_the_table_has_every_state_and_its_last_one_is_final() -> None:
    assert set(TRANSITIONS) == set(Custody)
    assert TRANSITIONS[C.REVOKED] == frozenset()


def test_what_ran_out_with_its_holder_and_came_back_unchanged_is_doubted() -> None:
    assert OUT.expires_at is not None
    doubted = holding.unchanged(OUT, "laptop", OUT.expires_at + HOUR)
    assert doubted == dataclasses.replace(BACK, doubt=doubted.doubt)
    assert "laptop has probably refreshed it" in (doubted.doubt or "")
    newer = holding.refresh(doubted, expires_at=OUT.expires_at + HOUR, account="ann")
    assert newer.doubt is None, "a newer one is trusted"


@pytest.mark.parametrize(
    ("taken", "brought", "is_doubted"),
    [(-2, -1, False), (-2, 0, True), (-1, 99, True), (0, 0, False), (0, 99, False), (1, 99, False)],
)
def test_only_what_ran_out_while_it_was_held_is_doubted(
    taken: int, brought: int, *, is_doubted: bool
) -> None:
    """Hours from its end to the check-out and to the return."""
    assert SEALED.expires_at is not None
    held = holding.check_out(SEALED, "laptop", SEALED.expires_at + taken * HOUR)
    back = holding.unchanged(held, "laptop", SEALED.expires_at + brought * HOUR)
    assert (back.custody, back.doubt is not None) == (C.RETURNED, is_doubted)


def test_what_never_runs_out_is_not_doubted_for_its_age() -> None:
    ageless = dataclasses.replace(OUT, expires_at=None)
    assert holding.unchanged(ageless, "laptop", NOW + 10_000 * HOUR).doubt is None


def test_what_comes_back_unchanged_comes_from_its_holder() -> None:
    with pytest.raises(Conflict, match="not to desk"):
        holding.unchanged(OUT, "desk", NOW)


def test_what_the_provider_refused_stays_in_doubt() -> None:
    refused = holding.refused(BACK, "laptop", NOW)
    assert "refused it to laptop" in (refused.doubt or "")
    again = holding.check_out(refused, "desk", NOW)
    assert holding.unchanged(again, "desk", NOW + 99 * HOUR).doubt == refused.doubt
