"""A renewal: its steps in order, what fails in each, and that nothing is promoted then."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from typing import Any

import pytest
from golden_doubles import GOLDEN, LATER, NEXT, report_of
from golden_lab import GoldenLab
from waiting import until

from vestibule.core.canary import CanaryReport
from vestibule.core.errors import Conflict, DiskFull, GoldenFailed, VestibuleError
from vestibule.core.machines import DriverName
from vestibule.core.promotion import GoldenStatus
from vestibule.core.renewal import Outcome, Phase, Renewal, StepNews
from vestibule.services.promotions import IDLE
from vestibule.services.renewals import CANARY_PASSED, GOLDENS, require_promoted
from vestibule_agent.protocol import CONTRACT

pytestmark = pytest.mark.anyio

FAKE, QEMU = DriverName.FAKE, DriverName.QEMU
BROKEN = GoldenFailed("step “packages” failed: no route to the mirror", remedy="Look.", code="build_failed")


async def renewed(lab: GoldenLab) -> Renewal:
    """What the inputs on the disk make is wanted, and renewed."""
    lab.goldens.today = lab.works.inputs
    return await lab.renewals.renew(lab.works.inputs, "a test asked")


@pytest.fixture
def lab(lab: GoldenLab) -> GoldenLab:
    """The inputs make NEXT now."""
    lab.works.inputs = NEXT
    return lab


async def test_a_golden_is_built_prepared_and_tried_for_every_driver_before_it_is_promoted(
    lab: GoldenLab,
) -> None:
    lab.works.drivers = (FAKE, QEMU)
    renewal = await renewed(lab)
    assert lab.works.steps == [
        f"build {NEXT}",
        f"prepare {NEXT} fake",
        f"prepare {NEXT} qemu",
        f"canary {NEXT} fake",
        f"canary {NEXT} qemu",
    ]
    assert (renewal.outcome, renewal.failure, lab.promoted) == (Outcome.PROMOTED, None, NEXT)
    move = lab.promotions.register.last(NEXT)
    assert move is not None
    assert move.why == CANARY_PASSED


async def test_the_steps_are_shown_with_their_phases(lab: GoldenLab) -> None:
    renewal = await renewed(lab)
    assert list(dict.fromkeys(step.phase for step in renewal.steps)) == [
        Phase.BUILD,
        Phase.SNAPSHOT,
        Phase.CANARY,
        Phase.PROMOTION,
    ]
    assert all(step.seconds is not None for step in renewal.steps)
    assert lab.renewals.current == renewal


async def test_the_machines_go_on_with_the_old_golden_until_all_is_done(lab: GoldenLab) -> None:
    lab.works.gate = asyncio.Event()
    task = asyncio.create_task(renewed(lab))
    await until(lambda: lab.building)
    assert lab.promotions.serving() == GOLDEN
    lab.works.gate.set()
    await task
    assert not lab.renewals.busy
    assert lab.promotions.serving() == NEXT


@pytest.mark.parametrize("step", ["build", "prepare", "canary"])
@pytest.mark.parametrize(
    "error",
    [BROKEN, DiskFull("the disk is full", remedy="Free space."), ZeroDivisionError("unforeseen")],
    ids=["a golden's failure", "a host's failure", "a bug"],
)
async def test_a_step_that_fails_is_the_outcome_and_nothing_is_promoted_or_rejected(
    lab: GoldenLab, step: str, error: Exception
) -> None:
    lab.works.failing[step] = error
    renewal = await renewed(lab)
    assert renewal.outcome is Outcome.FAILED
    assert renewal.failure is not None
    assert renewal.failure.code == (error.failure_code if isinstance(error, VestibuleError) else "internal")
    assert lab.works.steps[-1].startswith(step)
    assert (lab.promoted, lab.status(NEXT)) == (GOLDEN, GoldenStatus.CANDIDATE)


async def test_a_bug_is_logged_with_its_trace(lab: GoldenLab, log: list[Any]) -> None:
    lab.works.failing["build"] = ZeroDivisionError("unforeseen")
    await renewed(lab)
    assert [line["exc_info"] for line in log if line["log_level"] == "error"] == [True]


async def test_a_golden_whose_canary_fails_is_rejected_with_the_verdict(lab: GoldenLab) -> None:
    lab.works.canaries.sound = False
    renewal = await renewed(lab)
    assert (renewal.outcome, lab.promoted, lab.status(NEXT)) == (
        Outcome.REJECTED,
        GOLDEN,
        GoldenStatus.REJECTED,
    )
    move = lab.promotions.register.last(NEXT)
    assert move is not None
    assert move.why == report_of(NEXT, ok=False).verdict
    assert renewal.failure is not None
    assert renewal.failure.code == "canary_failed"
    assert renewal.failure.evidence == {
        "desktop of clone 1": "nobody could work with this desktop: it shows 1 colours"
    }


async def test_no_driver_is_tried_after_one_that_failed(lab: GoldenLab) -> None:
    lab.works.drivers, lab.works.canaries.sound = (FAKE, QEMU), False
    await renewed(lab)
    assert f"canary {NEXT} qemu" not in lab.works.steps


async def test_one_driver_s_failed_canary_keeps_a_golden_that_another_s_passed_from_promotion(
    lab: GoldenLab,
) -> None:
    lab.works.drivers, lab.works.canaries.sound = (FAKE, QEMU), False
    lab.made(NEXT)
    renewal = await renewed(lab)
    assert f"canary {NEXT} fake" not in lab.works.steps
    assert (renewal.outcome, lab.promoted) == (Outcome.REJECTED, GOLDEN)


async def test_a_canary_that_passed_before_is_not_repeated(lab: GoldenLab) -> None:
    lab.made(NEXT)
    renewal = await renewed(lab)
    assert [step for step in lab.works.steps if step.startswith("canary")] == []
    assert (renewal.outcome, lab.promoted) == (Outcome.PROMOTED, NEXT)


async def test_a_canary_that_failed_before_is_repeated(lab: GoldenLab) -> None:
    lab.made(NEXT, ok=False)
    renewal = await renewed(lab)
    assert lab.works.steps[-1] == f"canary {NEXT} fake"
    assert (renewal.outcome, lab.promoted) == (Outcome.PROMOTED, NEXT)


async def test_a_golden_that_cannot_be_promoted_is_a_failure(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.goldens.damaged[NEXT] = GoldenFailed("it is damaged", remedy="Verify.", code="golden_corrupt")
    renewal = await renewed(lab)
    assert renewal.failure is not None
    assert (renewal.outcome, renewal.failure.code, lab.promoted) == (
        Outcome.FAILED,
        "golden_corrupt",
        GOLDEN,
    )


async def test_a_register_that_cannot_be_read_is_a_failure(lab: GoldenLab) -> None:
    lab.register_file.write_text("{")
    renewal = await renewed(lab)
    assert renewal.failure is not None
    assert (renewal.outcome, renewal.failure.code) == (Outcome.FAILED, "register_damaged")


@pytest.mark.parametrize("foresight", ["estimates", "forecast"])
async def test_what_cannot_be_foreseen_is_a_failure_and_leaves_nothing_under_way(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch, foresight: str
) -> None:
    def broken() -> None:
        raise PermissionError("the cache's manifests are somebody else's")

    monkeypatch.setattr(lab.works, foresight, broken)
    renewal = await renewed(lab)
    assert (renewal.outcome, lab.renewals.busy, lab.promoted) == (Outcome.FAILED, False, GOLDEN)


async def test_files_are_read_beside_the_event_loop(lab: GoldenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    loop_s, asked = threading.current_thread(), dict[str, bool]()

    def watch(owner: object, name: str) -> None:
        """Note whether it was ever asked by the event loop's own thread."""
        real = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            asked[name] = asked.get(name, False) or threading.current_thread() is loop_s
            return real(*arguments)

        monkeypatch.setattr(owner, name, watched)

    asked_in_threads = ("is_prepared", "tried", "estimates", "forecast", "canary_s")
    for name in asked_in_threads:
        watch(lab.works, name)
    watch(lab.promotions._register, "read")
    await renewed(lab)
    await lab.renewals.make_ready(NEXT, "QEMU was exchanged")
    assert asked == dict.fromkeys((*asked_in_threads, "read"), False)


async def test_who_is_refused_meanwhile_is_told_the_step_and_afterwards_the_failure(lab: GoldenLab) -> None:
    lab.works.gate, lab.works.failing["build"] = asyncio.Event(), BROKEN
    task = asyncio.create_task(renewed(lab))
    await until(lambda: lab.building)
    assert lab.promotions.coming == f"Golden {NEXT} is being made, step “fake”; try again in a minute."
    lab.works.gate.set()
    await task
    assert lab.promotions.coming == (f"The last renewal, of {NEXT}, ended as failed: {BROKEN.cause}. {IDLE}")


async def test_every_news_wakes_whoever_follows(lab: GoldenLab) -> None:
    lab.works.gate = asyncio.Event()
    changes = lab.renewals.feed.changes(GOLDENS, 60)
    assert await anext(changes)  # the present state
    task = asyncio.create_task(renewed(lab))
    assert await anext(changes)
    assert lab.renewals.busy
    lab.works.gate.set()
    last = await task
    assert await anext(changes)
    assert lab.renewals.current == last
    lab.renewals.feed.close()
    assert [change async for change in changes] == []


async def test_whoever_asked_is_told_every_step_too(lab: GoldenLab) -> None:
    told: list[StepNews] = []
    await lab.renewals.renew(NEXT, "a command", told.append)
    assert [news.phase for news in told if news.seconds is not None] == [
        Phase.BUILD,
        Phase.SNAPSHOT,
        Phase.CANARY,
        Phase.PROMOTION,
    ]


# -- what is promoted without any work -------------------------------------------------------------------


def promoted_at_once(lab: GoldenLab) -> bool:
    return lab.renewals.promote_tried(NEXT, lab.goldens)


async def test_what_was_built_and_tried_before_is_promoted_at_once(lab: GoldenLab) -> None:
    lab.made(NEXT)
    assert promoted_at_once(lab)
    assert (lab.promoted, lab.works.steps) == (NEXT, [])


async def test_what_is_not_all_done_is_not_promoted_at_once(lab: GoldenLab) -> None:
    assert not promoted_at_once(lab)
    lab.made(NEXT, ok=False)
    assert not promoted_at_once(lab)
    lab.made(NEXT)
    lab.works.drivers = (FAKE, QEMU)
    assert not promoted_at_once(lab)
    lab.works.prepared.add((NEXT, QEMU))
    assert not promoted_at_once(lab)
    assert lab.promoted == GOLDEN


async def test_what_was_dismissed_is_not_promoted_at_once(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.promotions.reject(NEXT, why="its desktop was empty")
    assert not promoted_at_once(lab)
    assert lab.promoted == GOLDEN


# -- what comes after ------------------------------------------------------------------------------------


async def test_collection_keeps_the_promoted_one_and_the_one_before(lab: GoldenLab) -> None:
    await renewed(lab)
    await lab.renewals.collect()
    assert lab.works.kept == [frozenset({GOLDEN, NEXT})]


async def test_a_collection_that_fails_is_logged_and_nothing_more(lab: GoldenLab, log: list[Any]) -> None:
    lab.works.failing["collect"] = OSError("the disk hangs")
    await lab.renewals.collect()
    assert any(line["event"] == "Old goldens could not be removed" for line in log)


async def test_a_command_raises_the_failure_of_what_was_not_promoted(lab: GoldenLab) -> None:
    lab.works.canaries.sound = False
    with pytest.raises(GoldenFailed) as refused:
        require_promoted(await renewed(lab))
    assert refused.value.failure_code == "canary_failed"
    assert "desktop of clone 1" in refused.value.evidence


async def test_a_command_raises_nothing_for_what_was_promoted(lab: GoldenLab) -> None:
    require_promoted(await renewed(lab))


async def test_a_step_that_brings_no_estimate_gets_that_of_the_last_time(lab: GoldenLab) -> None:
    lab.works.took = {(Phase.CANARY, "fake: fake"): 7.0, (Phase.BUILD, "another"): 1.0}
    renewal = await renewed(lab)
    estimates = {(step.phase, step.name): step.estimate_s for step in renewal.steps}
    assert estimates[Phase.CANARY, "fake: fake"] == 7.0
    assert estimates[Phase.BUILD, "fake"] is None


async def test_every_begin_tells_how_long_all_will_go_on(lab: GoldenLab) -> None:
    lab.works.drivers, lab.works.later_s = (FAKE, QEMU), 10.0
    told: list[StepNews] = []
    lab.goldens.today = NEXT
    await lab.renewals.renew(NEXT, "a test asked", told.append)
    left = [(news.step, news.left_s) for news in told if news.left_s is not None]
    assert left == [
        ("fake", 3.0 + 10.0 + 10.0),
        ("fake: fake", 20.0),  # both canaries
        ("qemu: fake", 10.0),
    ]


async def test_a_renewal_of_what_was_never_done_foresees_no_end(lab: GoldenLab) -> None:
    told: list[StepNews] = []
    lab.goldens.today = NEXT
    renewal = await lab.renewals.renew(NEXT, "a test asked", told.append)
    assert renewal.outcome is Outcome.PROMOTED
    assert {news.left_s for news in told} <= {None, 0.0}


# -- what may be promoted by hand ------------------------------------------------------------------------


async def test_what_every_canary_in_use_passed_may_be_promoted(lab: GoldenLab) -> None:
    lab.works.drivers = (FAKE, QEMU)
    await renewed(lab)
    lab.renewals.require_tried(NEXT)


@pytest.mark.parametrize("missing", [FAKE, QEMU])
async def test_a_driver_in_use_that_never_tried_it_refuses(lab: GoldenLab, missing: DriverName) -> None:
    lab.works.drivers = (FAKE, QEMU)
    await renewed(lab)
    del lab.works.canaries.reports[NEXT, missing]
    with pytest.raises(Conflict, match=f"what {missing} starts from today was never tried") as refused:
        lab.renewals.require_tried(NEXT)
    assert refused.value.failure_code == "golden_untested"
    assert "--untested" in refused.value.remedy


async def test_one_canary_that_failed_is_enough_to_refuse_and_is_named(lab: GoldenLab) -> None:
    lab.works.drivers = (FAKE, QEMU)
    await renewed(lab)
    lab.works.canaries.reports[NEXT, QEMU] = report_of(NEXT, QEMU, ok=False)
    with pytest.raises(Conflict, match=r"1 of 1 checks failed with qemu; desktop of clone 1"):
        lab.renewals.require_tried(NEXT)


async def test_a_driver_that_is_not_used_refuses_nothing(lab: GoldenLab) -> None:
    await renewed(lab)
    lab.works.canaries.reports[NEXT, QEMU] = report_of(NEXT, QEMU, ok=False)
    lab.renewals.require_tried(NEXT)


async def test_a_canary_that_was_too_slow_rejects_nothing(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = report_of(NEXT, FAKE, ok=False)
    late = tuple(dataclasses.replace(check, late=True) for check in report.checks)

    async def slow(*_: Any) -> CanaryReport:
        return dataclasses.replace(report, checks=late)

    monkeypatch.setattr(lab.works, "try_out", slow)
    renewal = await renewed(lab)
    assert renewal.outcome is Outcome.FAILED
    assert renewal.failure is not None
    assert renewal.failure.code == "canary_too_slow"
    assert lab.status(NEXT) is GoldenStatus.CANDIDATE


async def test_a_golden_of_another_contract_is_not_even_tried(lab: GoldenLab) -> None:
    lab.goldens.add(NEXT, contract=CONTRACT + 1)
    renewal = await renewed(lab)
    assert renewal.failure is not None
    assert (renewal.outcome, renewal.failure.code) == (Outcome.FAILED, "golden_incompatible")
    assert lab.works.steps == [f"build {NEXT}"]
    assert lab.status(NEXT) is GoldenStatus.CANDIDATE


async def test_a_promotion_by_hand_during_a_renewal_stays(lab: GoldenLab) -> None:
    lab.goldens.add(LATER)
    lab.works.gate = asyncio.Event()
    renewing = asyncio.create_task(renewed(lab))
    await until(lambda: lab.building)
    lab.promotions.promote_by_hand(LATER)
    lab.works.gate.set()
    renewal = await renewing
    assert renewal.failure is not None
    assert (renewal.outcome, renewal.failure.code) == (Outcome.FAILED, "golden_moved")
    assert lab.promoted == LATER
