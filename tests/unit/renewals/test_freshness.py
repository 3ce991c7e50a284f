"""Freshness: what makes it renew, what it leaves alone, what survives what goes wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from golden_doubles import GOLDEN, LATER, NEXT
from golden_lab import GoldenLab, golden_lab
from waiting import until

from vestibule.core.errors import Conflict, GoldenFailed
from vestibule.core.promotion import GoldenStatus, StalePolicy
from vestibule.core.renewal import Outcome
from vestibule.services import freshness
from vestibule.services.renewals import GOLDENS

pytestmark = pytest.mark.anyio

BROKEN = GoldenFailed("no route to the mirror", remedy="Look.", code="build_failed")
UNREADABLE = GoldenFailed("images/base.toml has no packages", remedy="Mend it.", code="recipe_invalid")


@pytest.fixture
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "RETRY_S", (0.0, 0.0, 0.0, 600.0))


def builds(lab: GoldenLab) -> list[str]:
    return [step for step in lab.works.steps if step.startswith("build")]


async def looked_again(lab: GoldenLab) -> None:
    """Freshness has read the inputs once more, and done what comes of it at once."""
    reads = lab.works.steps.count("read")
    lab.works.changed.set()
    await until(lambda: lab.works.steps.count("read") > reads)
    await until(lambda: not lab.renewals.busy)


# -- when it renews --------------------------------------------------------------------------------------


async def test_nothing_is_done_while_the_promoted_golden_is_that_of_today_s_inputs(lab: GoldenLab) -> None:
    async with lab.running():
        await looked_again(lab)
    assert builds(lab) == []


async def test_what_nobody_promoted_yet_is_made_at_the_start(tmp_path: Path) -> None:
    lab = golden_lab(tmp_path, promoted=None)
    async with lab.running():
        await until(lambda: lab.promoted == GOLDEN)
    assert lab.renewals.current is not None
    assert lab.renewals.current.why == freshness.NOTHING_PROMOTED


async def test_changed_inputs_are_built_tried_and_promoted(lab: GoldenLab) -> None:
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.promoted == NEXT)
    assert lab.renewals.current is not None
    assert lab.renewals.current.why == freshness.CHANGED
    assert lab.status(GOLDEN) is GoldenStatus.SUPERSEDED


async def test_inputs_that_changed_while_no_controller_ran_are_made_at_the_start(lab: GoldenLab) -> None:
    lab.works.inputs = lab.goldens.today = NEXT
    async with lab.running():
        await until(lambda: lab.promoted == NEXT)


async def test_old_goldens_are_collected_after_a_promotion_and_not_without_one(lab: GoldenLab) -> None:
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.works.kept)
        lab.works.canaries.sound = False
        lab.edit(LATER)
        await until(lambda: lab.status(LATER) is GoldenStatus.REJECTED)
    assert lab.works.kept == [frozenset({GOLDEN, NEXT})]


async def test_a_promoted_golden_whose_snapshot_is_gone_is_made_whole(lab: GoldenLab) -> None:
    lab.works.prepared.clear()
    async with lab.running():
        await until(lambda: lab.works.prepared)


@pytest.mark.parametrize("policy", [StalePolicy.REFUSE, StalePolicy.ALLOW])
async def test_other_policies_build_nothing_by_themselves(tmp_path: Path, policy: StalePolicy) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    async with lab.running():
        lab.works.inputs = NEXT
        await looked_again(lab)
    assert (builds(lab), lab.promoted, lab.goldens.today) == ([], GOLDEN, NEXT)


@pytest.mark.parametrize("policy", list(StalePolicy))
async def test_whoever_asks_gets_it_made_whatever_the_policy(tmp_path: Path, policy: StalePolicy) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    async with lab.running():
        lab.works.inputs = lab.goldens.today = NEXT
        await lab.freshness.ask()
        await until(lambda: lab.renewals.current and lab.renewals.current.why == freshness.ASKED)
        await until(lambda: lab.promoted == NEXT)


async def test_who_asks_during_a_renewal_is_served_after_it(lab: GoldenLab) -> None:
    lab.works.gate = asyncio.Event()
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.building)
        await lab.freshness.ask()
        lab.works.gate.set()
        await until(lambda: len(builds(lab)) == 2)


# -- inputs that change meanwhile ------------------------------------------------------------------------


async def test_inputs_that_change_during_a_renewal_are_made_next(lab: GoldenLab) -> None:
    lab.works.gate = asyncio.Event()
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.building)
        lab.edit(LATER)
        await until(lambda: lab.goldens.today == LATER)
        lab.works.gate.set()
        await until(lambda: lab.promoted == LATER)
    assert builds(lab) == [f"build {NEXT}", f"build {LATER}"]


async def test_inputs_that_change_back_during_a_renewal_are_promoted_again(lab: GoldenLab) -> None:
    lab.works.gate = asyncio.Event()
    lab.made(GOLDEN)
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.building)
        lab.edit(GOLDEN)
        await until(lambda: lab.goldens.today == GOLDEN)
        lab.works.gate.set()
        await until(lambda: lab.status(NEXT) is GoldenStatus.SUPERSEDED)
        assert lab.promoted == GOLDEN


async def test_inputs_that_cannot_be_read_are_told_and_the_last_readable_ones_stand(lab: GoldenLab) -> None:
    lab.works.failing["read"] = UNREADABLE
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.freshness.trouble == UNREADABLE.cause)
        assert (lab.goldens.today, builds(lab)) == (GOLDEN, [])
        del lab.works.failing["read"]
        lab.edit(NEXT)
        await until(lambda: lab.promoted == NEXT)
        assert lab.freshness.trouble is None


async def test_a_reading_that_breaks_unforeseen_does_not_end_freshness(lab: GoldenLab) -> None:
    lab.works.failing["read"] = OSError("fork: out of memory")
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.freshness.trouble)
        del lab.works.failing["read"]
        lab.edit(NEXT)
        await until(lambda: lab.promoted == NEXT)


async def test_a_host_that_can_watch_no_more_files_still_renews_when_asked(lab: GoldenLab) -> None:
    lab.works.unwatchable = OSError("inotify watch limit reached")
    async with lab.running():
        await until(lambda: lab.freshness.trouble)
        assert lab.freshness.trouble is not None
        assert "inotify watch limit reached" in lab.freshness.trouble
        lab.works.inputs = lab.goldens.today = NEXT
        await lab.freshness.ask()
        await until(lambda: lab.promoted == NEXT)


# -- failures --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_retries_at_once")
async def test_a_failed_build_is_tried_again_later_and_later(lab: GoldenLab) -> None:
    lab.works.failing["build"] = BROKEN
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: len(builds(lab)) == 4)
        await looked_again(lab)  # the same inputs are no reason to try sooner
        assert len(builds(lab)) == 4
    assert lab.promoted == GOLDEN


async def test_a_build_that_succeeds_at_last_is_promoted(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "RETRY_S", (0.01,))
    lab.works.failing["build"] = BROKEN
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: len(builds(lab)) >= 2)
        del lab.works.failing["build"]
        await until(lambda: lab.promoted == NEXT)


async def test_changed_inputs_are_tried_at_once_after_a_failure(lab: GoldenLab) -> None:
    lab.works.failing["build"] = BROKEN
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: builds(lab) and not lab.renewals.busy)
        del lab.works.failing["build"]
        lab.edit(LATER)
        await until(lambda: lab.promoted == LATER)


async def test_whoever_asks_is_served_at_once_after_a_failure(lab: GoldenLab) -> None:
    lab.works.failing["build"] = BROKEN
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: builds(lab) and not lab.renewals.busy)
        del lab.works.failing["build"]
        await lab.freshness.ask()
        await until(lambda: lab.promoted == NEXT)


async def test_a_register_that_is_damaged_for_a_while_does_not_end_freshness(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "RETRY_S", (0.01,))
    sound = lab.register_file.read_text()
    lab.register_file.write_text("{")
    async with lab.running() as task:
        lab.edit(NEXT)
        await until(lambda: task.done() or lab.goldens.today == NEXT)
        lab.register_file.write_text(sound)
        await until(lambda: task.done() or lab.promoted == NEXT)
        assert not task.done()


# -- dismissed goldens -----------------------------------------------------------------------------------


async def test_a_rejected_golden_is_left_alone_until_somebody_asks(lab: GoldenLab) -> None:
    lab.works.canaries.sound = False
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.status(NEXT) is GoldenStatus.REJECTED)
        await looked_again(lab)
        assert len(builds(lab)) == 1
        lab.works.canaries.sound = True
        await lab.freshness.ask()
        await until(lambda: lab.promoted == NEXT)


async def test_a_rolled_back_golden_is_not_promoted_again_by_itself(lab: GoldenLab) -> None:
    async with lab.running():
        lab.edit(NEXT)
        await until(lambda: lab.promoted == NEXT)
        lab.promotions.roll_back(why="3 of 8 machines failed")
        await looked_again(lab)
        assert (lab.promoted, len(builds(lab))) == (GOLDEN, 1)


async def test_a_golden_rejected_before_is_not_built_at_the_next_start(lab: GoldenLab) -> None:
    lab.works.inputs = lab.goldens.today = NEXT
    lab.promotions.reject(NEXT, why="its desktop was empty")
    lab.freshness.promote_tried()
    async with lab.running():
        await looked_again(lab)
    assert (builds(lab), lab.promoted) == ([], GOLDEN)


# -- at the start ----------------------------------------------------------------------------------------


async def test_what_another_controller_made_and_tried_is_promoted_before_anybody_asks(lab: GoldenLab) -> None:
    lab.works.inputs = lab.goldens.today = NEXT
    lab.made(NEXT)
    lab.freshness.promote_tried()
    assert (lab.promoted, lab.works.steps) == (NEXT, [])


@pytest.mark.parametrize("policy", [StalePolicy.REFUSE, StalePolicy.ALLOW])
async def test_other_policies_promote_nothing_at_the_start(tmp_path: Path, policy: StalePolicy) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    lab.goldens.today = NEXT
    lab.made(NEXT)
    lab.freshness.promote_tried()
    assert lab.promoted == GOLDEN


async def test_a_promotion_that_fails_at_the_start_is_left_to_the_renewal(lab: GoldenLab) -> None:
    lab.works.inputs = lab.goldens.today = NEXT
    lab.made(NEXT)
    lab.goldens.damaged[NEXT] = GoldenFailed("it is damaged", remedy="Verify.", code="golden_corrupt")
    lab.freshness.promote_tried()
    async with lab.running():
        await until(lambda: lab.renewals.current and lab.renewals.current.outcome is Outcome.FAILED)
    assert lab.promoted == GOLDEN


# -- the hold --------------------------------------------------------------------------------------------


async def test_the_promoted_golden_is_held_and_the_one_before_let_go(lab: GoldenLab) -> None:
    async with lab.running():
        await until(lambda: lab.goldens.held == [GOLDEN])
        lab.edit(NEXT)
        await until(lambda: lab.goldens.held == [NEXT])
    assert lab.goldens.held == []


async def test_what_an_operator_promotes_is_held_at_once(lab: GoldenLab) -> None:
    lab.goldens.add(NEXT)
    async with lab.running():
        await until(lambda: lab.goldens.held == [GOLDEN])
        lab.promotions.promote_by_hand(NEXT)
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.goldens.held == [NEXT])


async def test_what_the_command_line_promotes_is_held_soon(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "HOLD_S", 0.01)
    lab.goldens.add(NEXT)
    async with lab.running():
        await until(lambda: lab.goldens.held == [GOLDEN])
        lab.promotions.promote_by_hand(NEXT)
        await until(lambda: lab.goldens.held == [NEXT])


DECAYED = GoldenFailed("kernel was changed", remedy="Verify.", code="golden_corrupt")


async def test_a_promoted_golden_that_decays_is_let_go_and_made_again(lab: GoldenLab) -> None:
    async with lab.running():
        await until(lambda: lab.goldens.held == [GOLDEN])
        lab.works.mends = True
        lab.goldens.damaged[GOLDEN] = DECAYED
        lab.renewals.feed.publish(GOLDENS)  # as a scrub does
        await until(lambda: not lab.goldens.damaged)
        await until(lambda: lab.goldens.held == [GOLDEN])
    assert builds(lab) == [f"build {GOLDEN}"]
    assert lab.promoted == GOLDEN


@pytest.mark.usefixtures("_retries_at_once")
async def test_what_runs_from_a_decayed_golden_is_waited_for(lab: GoldenLab) -> None:
    machine = lab.goldens.hold(GOLDEN)
    lab.works.mends = True
    async with lab.running():
        lab.goldens.damaged[GOLDEN] = DECAYED
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.promotions.blocked is not None)
        assert lab.promotions.blocked is not None
        assert lab.promotions.blocked.code == "golden_in_use"
        machine.release()
        await lab.freshness.ask()
        await until(lambda: not lab.goldens.damaged)


@pytest.mark.parametrize("policy", [StalePolicy.REFUSE, StalePolicy.ALLOW])
async def test_a_decayed_golden_that_nothing_makes_again_is_left_and_the_operator_told_why(
    tmp_path: Path, policy: StalePolicy
) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    lab.made(NEXT)
    lab.edit(NEXT)
    lab.goldens.today = NEXT
    lab.promotions.promote(NEXT, why="a test does")
    async with lab.running():
        await until(lambda: lab.goldens.held == [NEXT])
        lab.goldens.damaged[NEXT] = DECAYED
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.promoted == GOLDEN)
        await until(lambda: lab.goldens.held == [GOLDEN])
    left = lab.promotions.register.last(NEXT)
    assert left is not None
    assert (left.to, left.why) == (GoldenStatus.ROLLED_BACK, DECAYED.cause)
    assert lab.promotions.serving() == GOLDEN
    assert builds(lab) == []


async def test_an_older_golden_that_decays_is_left_for_a_sound_one(lab: GoldenLab) -> None:
    """Its inputs are gone: nothing can make it again."""
    lab.made(NEXT)
    lab.promotions.promote_by_hand(NEXT)
    async with lab.running():
        await until(lambda: lab.goldens.held == [NEXT])
        lab.goldens.damaged[NEXT] = DECAYED
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.promoted == GOLDEN)


async def test_a_decayed_golden_with_nothing_to_return_to_stays_and_is_refused(tmp_path: Path) -> None:
    lab = golden_lab(tmp_path, policy=StalePolicy.ALLOW)
    async with lab.running():
        await until(lambda: lab.goldens.held == [GOLDEN])
        lab.goldens.damaged[GOLDEN] = DECAYED
        lab.renewals.feed.publish(GOLDENS)
        await until(lambda: lab.goldens.held == [])
    assert lab.promoted == GOLDEN
    with pytest.raises(GoldenFailed, match="kernel was changed"):
        lab.promotions.serving()


async def test_a_promoted_golden_that_is_gone_is_no_reason_to_stop(lab: GoldenLab, log: list[Any]) -> None:
    del lab.goldens.stored[GOLDEN]
    async with lab.running():
        await until(lambda: lab.goldens.has(GOLDEN))  # it is made again
        await until(lambda: lab.goldens.held == [GOLDEN])
    assert [line for line in log if line["log_level"] == "error"] == []


async def test_a_roll_back_without_a_golden_before_changes_nothing(lab: GoldenLab) -> None:
    async with lab.running():
        with pytest.raises(Conflict):
            lab.promotions.roll_back(why="bad")
    assert lab.promoted == GOLDEN


async def test_what_the_operator_promoted_stays_until_the_inputs_change(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.promotions.promote_by_hand(NEXT)
    lab.freshness.promote_tried()
    async with lab.running():
        await looked_again(lab)
        assert (lab.promoted, builds(lab)) == (NEXT, [])
        lab.edit(LATER)
        await until(lambda: lab.promoted == LATER)


async def test_a_rebuild_that_is_asked_for_undoes_what_the_operator_promoted(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.promotions.promote_by_hand(NEXT)
    async with lab.running():
        await lab.freshness.ask()
        await until(lambda: lab.promoted == GOLDEN)
