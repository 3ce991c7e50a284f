"""The register: every move, what a roll-back returns to, and which golden may be served."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from vestibule.core.errors import Conflict, GoldenFailed
from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import (
    MOVES_KEPT,
    GoldenStatus,
    Move,
    Register,
    StalePolicy,
    require_servable,
)

A, B, C, D = (GoldenId(f"g-{letter}") for letter in "abcd")
ALL = {A, B, C, D}
T0 = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)
S = GoldenStatus


def at(seconds: float) -> dt.datetime:
    return T0 + dt.timedelta(seconds=seconds)


def promoted(*golden_ids: GoldenId) -> Register:
    """One after another."""
    register = Register()
    for second, golden_id in enumerate(golden_ids):
        register = register.promote(golden_id, at=at(second), why=f"try {second}")
    return register


def rejected(golden_id: GoldenId) -> Register:
    return Register().reject(golden_id, at=T0, why="its desktop is empty")


def test_a_golden_without_a_move_is_a_candidate_and_nothing_is_promoted() -> None:
    register = Register()
    assert register.status(A) is S.CANDIDATE
    assert register.last(A) is None
    assert register.promoted is None
    assert register.before(ALL) is None


def test_a_promotion_supersedes_the_one_before_at_the_same_moment() -> None:
    register = promoted(A, B)
    assert register.promoted == B
    assert register.last(A) == Move(golden_id=A, to=S.SUPERSEDED, at=at(1), why=f"{B} took its place")
    assert register.last(B) == Move(golden_id=B, to=S.PROMOTED, at=at(1), why="try 1")


def test_a_promotion_of_the_promoted_is_no_move() -> None:
    register = promoted(A, B)
    assert register.promote(B, at=at(9), why="again") is register


@pytest.mark.parametrize(
    ("register", "status"),
    [
        (Register(), S.CANDIDATE),
        (promoted(C, B), S.SUPERSEDED),
        (rejected(C), S.REJECTED),
        (promoted(B, C).roll_back(among=ALL, at=T0, why="bad"), S.ROLLED_BACK),
    ],
    ids=["candidate", "superseded", "rejected", "rolled back"],
)
def test_a_golden_of_any_state_can_be_promoted(register: Register, status: GoldenStatus) -> None:
    assert register.status(C) is status
    after = register.promote(C, at=at(9), why="somebody said so")
    assert after.promoted == C
    assert [golden for golden in ALL if after.status(golden) is S.PROMOTED] == [C]


def test_a_roll_back_returns_to_the_one_before_and_keeps_the_reason() -> None:
    register = promoted(A, B).roll_back(among=ALL, at=at(5), why="3 of 8 machines failed")
    assert register.promoted == A
    assert register.last(B) == Move(golden_id=B, to=S.ROLLED_BACK, at=at(5), why="3 of 8 machines failed")


def test_a_roll_back_skips_what_was_collected() -> None:
    register = promoted(A, B, C)
    assert register.before({A, C}) == A
    assert register.roll_back(among={A, C}, at=at(5), why="bad").promoted == A


def test_a_roll_back_never_returns_to_what_was_rolled_back() -> None:
    register = promoted(A, B, C).roll_back(among=ALL, at=at(5), why="C is bad")
    assert register.promoted == B
    register = register.promote(D, at=at(6), why="new")
    register = register.roll_back(among=ALL, at=at(7), why="D is bad")
    register = register.roll_back(among=ALL, at=at(8), why="B is bad too")
    assert register.promoted == A
    assert {golden for golden in ALL if register.status(golden) is S.ROLLED_BACK} == {B, C, D}
    assert register.before(ALL) is None


def test_a_roll_back_never_returns_to_what_was_rejected_and_never_promoted() -> None:
    register = promoted(A, C).reject(B, at=at(5), why="its clock is off")
    assert register.before(ALL) == A


@pytest.mark.parametrize(
    ("register", "among"),
    [(Register(), ALL), (promoted(A), ALL), (promoted(A, B), {B}), (rejected(A), ALL)],
    ids=["nothing promoted", "nothing before", "the one before is gone", "only a rejected one"],
)
def test_a_roll_back_without_a_golden_before_is_refused(register: Register, among: set[GoldenId]) -> None:
    with pytest.raises(Conflict) as refused:
        register.roll_back(among=among, at=at(5), why="bad")
    assert refused.value.failure_code == "no_golden_before"


def test_a_candidate_can_be_rejected_again_and_the_newest_reason_counts() -> None:
    register = rejected(A).reject(A, at=at(5), why="its clock is off")
    assert register.status(A) is S.REJECTED
    assert register.last(A) == Move(golden_id=A, to=S.REJECTED, at=at(5), why="its clock is off")


@pytest.mark.parametrize(
    ("register", "status"),
    [
        (promoted(A), S.PROMOTED),
        (promoted(A, B), S.SUPERSEDED),
        (promoted(B, A).roll_back(among=ALL, at=T0, why="bad"), S.ROLLED_BACK),
    ],
)
def test_what_was_promoted_once_is_not_rejected_by_a_later_canary(
    register: Register, status: GoldenStatus
) -> None:
    assert register.reject(A, at=at(5), why="its canary failed") is register
    assert register.status(A) is status


@pytest.mark.parametrize("register", [rejected(A), promoted(B, A).roll_back(among=ALL, at=T0, why="bad")])
def test_what_was_dismissed_becomes_a_candidate_when_somebody_asks(register: Register) -> None:
    again = register.reconsider(A, at=at(5), why="somebody asked")
    assert again.status(A) is S.CANDIDATE
    assert again.promoted == register.promoted
    assert again.moves[-1] == Move(golden_id=A, to=S.CANDIDATE, at=at(5), why="somebody asked")


@pytest.mark.parametrize("register", [Register(), promoted(A), promoted(A, B)])
def test_what_was_not_dismissed_is_not_reconsidered(register: Register) -> None:
    assert register.reconsider(A, at=at(5), why="somebody asked") is register


def test_a_register_survives_json() -> None:
    register = promoted(A, B, C).roll_back(among=ALL, at=at(5), why="“bad”").reject(D, at=at(6), why="")
    assert Register.from_mapping(json.loads(json.dumps(register.to_mapping()))) == register


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"moves": None},
        {"moves": [{}]},
        {"moves": ["promoted"]},
        {"moves": [{"golden_id": "g-a", "to": "praised", "at": T0.isoformat(), "why": ""}]},
        {"moves": [{"golden_id": "g-a", "to": "promoted", "at": "yesterday", "why": ""}]},
        {"moves": [{"golden_id": "g-a", "to": "promoted", "at": 7, "why": ""}]},
    ],
)
def test_what_is_no_register_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Register.from_mapping(raw)


def test_the_register_forgets_its_oldest_moves_only() -> None:
    register = promoted(A, B)
    for second in range(2 * MOVES_KEPT):
        register = register.promote((A, B)[second % 2], at=at(second), why=f"turn {second}")
    assert len(register.moves) == MOVES_KEPT
    assert register.moves[-1].why == f"turn {2 * MOVES_KEPT - 1}"


def test_many_rejections_push_neither_the_promoted_golden_nor_the_one_before_out() -> None:
    register = promoted(A, B)
    for second in range(2 * MOVES_KEPT):
        register = register.reject(C, at=at(second), why="its canary failed")
    assert register.promoted == B
    assert register.before(ALL) == A
    assert register.status(C) is S.REJECTED
    assert len(register.moves) <= MOVES_KEPT + 2


# -- may it be served ------------------------------------------------------------------------------------


def manifest(golden_id: GoldenId, contract: int = 7) -> Manifest:
    return Manifest(
        golden_id=golden_id,
        agent_build="b",
        layers=(),
        inputs={},
        digests={},
        tools={},
        built_at=T0,
        build_s=1.0,
        contract=contract,
    )


def refusal_of(promoted: Manifest, wanted: GoldenId, policy: StalePolicy) -> str:
    with pytest.raises(GoldenFailed, match=promoted.golden_id) as refused:
        require_servable(promoted, wanted, policy=policy, contract=7, coming="It is being made.")
    assert refused.value.remedy.startswith("It is being made.")
    return refused.value.failure_code


@pytest.mark.parametrize("policy", list(StalePolicy))
def test_the_golden_of_today_s_inputs_is_served_whatever_the_policy(policy: StalePolicy) -> None:
    require_servable(manifest(A), A, policy=policy, contract=7, coming="")


def test_only_refuse_refuses_a_stale_golden() -> None:
    for policy in (StalePolicy.REBUILD, StalePolicy.ALLOW):
        require_servable(manifest(A), B, policy=policy, contract=7, coming="")
    assert refusal_of(manifest(A), B, StalePolicy.REFUSE) == "golden_stale"


@pytest.mark.parametrize("policy", list(StalePolicy))
@pytest.mark.parametrize("contract", [0, 6, 8])
@pytest.mark.parametrize("wanted", [A, B])
def test_an_agent_of_another_contract_is_never_served(
    policy: StalePolicy, contract: int, wanted: GoldenId
) -> None:
    assert refusal_of(manifest(A, contract), wanted, policy) == "golden_incompatible"
