"""The golden's line in ``doctor``, in every state."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_doubles import GOLDEN, NEXT
from golden_lab import GoldenLab, golden_lab

from vestibule.core.errors import GoldenFailed
from vestibule.core.promotion import StalePolicy
from vestibule.services.host import Check, golden_check
from vestibule.services.promotions import IDLE
from vestibule_agent.protocol import CONTRACT


@pytest.fixture
def lab(tmp_path: Path) -> GoldenLab:
    return golden_lab(tmp_path)


def line(lab: GoldenLab) -> Check:
    return golden_check(lab.promotions)


def test_a_promoted_golden_of_today_s_inputs_is_well(lab: GoldenLab) -> None:
    assert line(lab) == Check(
        name="golden",
        ok=True,
        detail=f"{GOLDEN} is what today's inputs make, promoted 2026-11-22 12:00 UTC: a lab has one golden",
    )


def test_without_a_promoted_golden_no_machine_can_be_started(tmp_path: Path) -> None:
    found = line(golden_lab(tmp_path, promoted=None))
    assert (found.ok, found.needed, found.fix) == (False, True, IDLE)
    assert found.detail == "No golden has been promoted on this host yet."


def test_a_promoted_golden_that_is_gone_is_needed(lab: GoldenLab) -> None:
    del lab.goldens.stored[GOLDEN]
    found = line(lab)
    assert (found.ok, found.needed) == (False, True)
    assert "no longer on this host" in found.detail


def test_a_promoted_golden_of_another_contract_is_needed(lab: GoldenLab) -> None:
    lab.goldens.add(GOLDEN, contract=CONTRACT + 1)
    found = line(lab)
    assert (found.ok, found.needed) == (False, True)
    assert f"contract {CONTRACT + 1}" in found.detail


def test_a_damaged_golden_is_needed_and_the_fix_is_its_own(lab: GoldenLab) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed("it is damaged", remedy="Discard it.", code="golden_corrupt")
    found = line(lab)
    assert (found.ok, found.needed, found.detail, found.fix) == (False, True, "it is damaged", "Discard it.")


def test_a_damaged_register_is_needed_and_named(lab: GoldenLab) -> None:
    lab.register_file.write_text("{")
    found = line(lab)
    assert (found.ok, found.needed) == (False, True)
    assert str(lab.register_file) in found.detail


@pytest.mark.parametrize("policy", [StalePolicy.REBUILD, StalePolicy.ALLOW])
def test_a_stale_golden_that_is_served_is_told_and_not_needed(tmp_path: Path, policy: StalePolicy) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    lab.goldens.today = NEXT
    found = line(lab)
    assert (found.ok, found.needed, found.fix) == (False, False, "vestibule golden build")
    assert f"{GOLDEN} is stale, promoted 2026-11-22 12:00 UTC" in found.detail
    assert found.detail.endswith(f"{NEXT} was not promoted yet")


def test_a_stale_golden_that_is_refused_is_needed(tmp_path: Path) -> None:
    lab = golden_lab(tmp_path, policy=StalePolicy.REFUSE)
    lab.goldens.today = NEXT
    found = line(lab)
    assert (found.ok, found.needed) == (False, True)
    assert "stale_policy is refuse" in found.detail


def test_why_today_s_golden_was_rejected_is_told(lab: GoldenLab) -> None:
    lab.goldens.today = NEXT
    lab.promotions.reject(NEXT, why="its desktop is empty")
    assert line(lab).detail.endswith(f"{NEXT} was rejected: its desktop is empty")


def test_why_today_s_golden_was_rolled_back_is_told(lab: GoldenLab) -> None:
    lab.goldens.today = NEXT
    lab.goldens.add(NEXT)
    lab.promotions.promote(NEXT, why="its canary passed")
    lab.promotions.roll_back(why="3 of 8 machines failed")
    assert line(lab).detail.endswith(f"{NEXT} was rolled_back: 3 of 8 machines failed")
