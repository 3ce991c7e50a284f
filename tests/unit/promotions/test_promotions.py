"""Promotions: what is served, who moves the pointer, what must stay on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from golden_doubles import GOLDEN, LATER, NEXT, Kept
from golden_lab import GoldenLab, golden_lab

from vestibule.core.errors import Absent, Conflict, GoldenFailed
from vestibule.core.ids import GoldenId
from vestibule.core.promotion import GoldenStatus, Register, StalePolicy
from vestibule.services.promotions import IDLE
from vestibule_agent.protocol import CONTRACT

CORRUPT = GoldenFailed("the golden is damaged: kernel is gone", remedy="Verify.", code="golden_corrupt")


@pytest.fixture
def lab(tmp_path: Path) -> GoldenLab:
    return golden_lab(tmp_path)


def refusal(lab: GoldenLab) -> GoldenFailed:
    with pytest.raises(GoldenFailed) as refused:
        lab.promotions.serving()
    return refused.value


# -- serving ---------------------------------------------------------------------------------------------


def test_the_promoted_golden_is_served(lab: GoldenLab) -> None:
    assert lab.promotions.serving() == GOLDEN


def test_a_move_of_another_process_counts_at_the_next_start(lab: GoldenLab, tmp_path: Path) -> None:
    other = golden_lab(tmp_path, promoted=None)
    for one in (lab, other):
        one.goldens.add(NEXT)
    other.promotions.promote(NEXT, why="the command line said so")
    assert lab.promotions.serving() == NEXT


def test_nothing_is_served_where_nothing_was_promoted(tmp_path: Path) -> None:
    refused = refusal(golden_lab(tmp_path, promoted=None))
    assert (refused.failure_code, refused.remedy) == ("golden_absent", IDLE)


def test_a_promoted_golden_that_is_gone_is_named(lab: GoldenLab) -> None:
    del lab.goldens.stored[GOLDEN]
    refused = refusal(lab)
    assert refused.failure_code == "golden_absent"
    assert GOLDEN in refused.cause


def test_a_promoted_golden_that_is_known_to_be_damaged_is_not_served(lab: GoldenLab) -> None:
    lab.goldens.damaged[GOLDEN] = CORRUPT
    assert refusal(lab) is CORRUPT


def test_a_promoted_golden_of_another_contract_is_not_served(lab: GoldenLab) -> None:
    lab.goldens.add(GOLDEN, contract=CONTRACT + 1)
    lab.promotions.coming = "It is being made."
    refused = refusal(lab)
    assert (refused.failure_code, refused.remedy) == ("golden_incompatible", "It is being made.")


@pytest.mark.parametrize("policy", [StalePolicy.REBUILD, StalePolicy.ALLOW])
def test_a_stale_golden_is_served_meanwhile(tmp_path: Path, policy: StalePolicy) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    lab.goldens.today = NEXT
    assert lab.promotions.serving() == GOLDEN


def test_a_stale_golden_is_refused_where_the_policy_says_so(tmp_path: Path) -> None:
    lab = golden_lab(tmp_path, policy=StalePolicy.REFUSE)
    lab.goldens.today = NEXT
    refused = refusal(lab)
    assert refused.failure_code == "golden_stale"
    assert refused.remedy.startswith(IDLE)


def test_a_damaged_register_is_named(lab: GoldenLab) -> None:
    lab.register_file.write_text("{")
    refused = refusal(lab)
    assert refused.failure_code == "register_damaged"
    assert str(lab.register_file) in refused.cause


# -- moves -----------------------------------------------------------------------------------------------


def test_a_promotion_is_stored_with_time_and_reason(lab: GoldenLab) -> None:
    lab.goldens.add(NEXT)
    lab.clock.move(60)
    lab.promotions.promote(NEXT, why="its canary passed")
    move = lab.promotions.register.last(NEXT)
    assert move is not None
    assert (lab.promoted, move.at, move.why) == (NEXT, lab.clock.now(), "its canary passed")
    assert lab.status(GOLDEN) is GoldenStatus.SUPERSEDED


def test_a_golden_that_is_not_there_is_not_promoted(lab: GoldenLab) -> None:
    with pytest.raises(Absent):
        lab.promotions.promote(NEXT, why="")
    assert lab.promoted == GOLDEN


def test_a_damaged_golden_is_not_promoted(lab: GoldenLab) -> None:
    lab.goldens.add(NEXT)
    lab.goldens.damaged[NEXT] = CORRUPT
    with pytest.raises(GoldenFailed):
        lab.promotions.promote(NEXT, why="")
    assert lab.promoted == GOLDEN


def test_a_golden_of_another_contract_is_not_promoted(lab: GoldenLab) -> None:
    lab.goldens.add(NEXT, contract=CONTRACT - 1)
    with pytest.raises(GoldenFailed) as refused:
        lab.promotions.promote(NEXT, why="")
    assert refused.value.failure_code == "golden_incompatible"
    assert lab.promoted == GOLDEN


@pytest.fixture
def two(lab: GoldenLab) -> GoldenLab:
    """NEXT is promoted, GOLDEN was before."""
    lab.goldens.add(NEXT)
    lab.promotions.promote(NEXT, why="its canary passed")
    return lab


def test_a_roll_back_returns_to_the_one_before(two: GoldenLab) -> None:
    assert two.promotions.roll_back_target() == GOLDEN
    assert two.promotions.roll_back(why="bad") == GOLDEN
    assert two.promoted == GOLDEN
    assert two.promotions.is_dismissed(NEXT)


def test_a_roll_back_never_returns_to_a_golden_that_could_not_be_served(two: GoldenLab) -> None:
    two.goldens.add(LATER)
    two.promotions.promote(LATER, why="its canary passed")
    two.goldens.damaged[NEXT] = CORRUPT
    assert two.promotions.roll_back_target() == GOLDEN
    two.goldens.add(GOLDEN, contract=CONTRACT + 1)
    assert two.promotions.roll_back_target() is None
    with pytest.raises(Conflict) as refused:
        two.promotions.roll_back(why="bad")
    assert refused.value.failure_code == "no_golden_before"
    assert two.promoted == LATER


def test_a_judgement_of_another_golden_rolls_nothing_back(two: GoldenLab) -> None:
    with pytest.raises(Conflict) as refused:
        two.promotions.roll_back(why="bad", leaving=GOLDEN)
    assert refused.value.failure_code == "golden_moved"
    assert two.promoted == NEXT


def test_a_roll_back_returns_to_what_machines_can_be_started_from_at_once(two: GoldenLab) -> None:
    two.goldens.add(LATER)
    two.promotions.promote(LATER, why="its canary passed")
    two.promotions._is_ready = lambda golden_id: golden_id == GOLDEN
    assert two.promotions.roll_back(why="bad") == GOLDEN


def test_a_roll_back_returns_to_what_is_not_ready_rather_than_stay(two: GoldenLab) -> None:
    two.promotions._is_ready = lambda _golden_id: False
    assert two.promotions.roll_back(why="bad") == GOLDEN


def test_the_target_of_a_roll_back_is_held_until_it_is_promoted(
    two: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[GoldenId] = []
    update = two.promotions._register.update

    def watched(change: Callable[[Register], Register]) -> Register:
        held.extend(two.goldens.held)
        return update(change)

    monkeypatch.setattr(two.promotions._register, "update", watched)
    two.promotions.roll_back(why="bad")
    assert (held, two.goldens.held) == ([GOLDEN], [])


def test_a_target_that_is_collected_at_the_last_moment_is_passed_over(
    two: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.goldens.add(LATER)
    two.promotions.promote(LATER, why="its canary passed")
    hold = two.goldens.hold

    def too_late(golden_id: GoldenId) -> Kept:
        if golden_id == NEXT:
            two.goldens.stored.pop(NEXT, None)
        return hold(golden_id)

    monkeypatch.setattr(two.goldens, "hold", too_late)
    assert two.promotions.roll_back(why="bad") == GOLDEN


def test_what_somebody_promoted_meanwhile_is_not_replaced(two: GoldenLab) -> None:
    two.goldens.add(LATER)
    with pytest.raises(Conflict) as refused:
        two.promotions.replace(GOLDEN, LATER, why="its canary passed")
    assert (refused.value.failure_code, two.promoted) == ("golden_moved", NEXT)
    assert two.promotions.replace(NEXT, LATER, why="its canary passed").promoted == LATER


def test_the_promoted_one_and_the_one_before_are_kept(two: GoldenLab) -> None:
    assert two.promotions.kept() == {GOLDEN, NEXT}
    del two.goldens.stored[GOLDEN]
    assert two.promotions.kept() == {NEXT}


def test_nothing_is_kept_where_nothing_was_promoted(tmp_path: Path) -> None:
    assert golden_lab(tmp_path, promoted=None).promotions.kept() == frozenset()


def test_a_rejected_golden_is_dismissed_until_somebody_asks(lab: GoldenLab) -> None:
    assert not lab.promotions.is_dismissed(NEXT)
    lab.promotions.reject(NEXT, why="its desktop is empty")
    assert lab.promotions.is_dismissed(NEXT)
    lab.promotions.reconsider(NEXT)
    assert not lab.promotions.is_dismissed(NEXT)
