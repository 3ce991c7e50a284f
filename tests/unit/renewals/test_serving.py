"""A start gets what is promoted and ready; after an exchange of QEMU it says what comes, and has it made."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest
from golden_doubles import GOLDEN, LATER, NEXT, report_of
from golden_lab import GoldenLab, golden_lab
from waiting import until

from vestibule.core.errors import GoldenFailed, HostUnfit
from vestibule.core.machines import DriverName
from vestibule.core.promotion import StalePolicy
from vestibule.services import freshness
from vestibule.services.serving import SOON, Serving

pytestmark = pytest.mark.anyio

FAKE, QEMU = DriverName.FAKE, DriverName.QEMU


def serving(lab: GoldenLab) -> Serving:
    return Serving(promotions=lab.promotions, works=lab.works, renewals=lab.renewals)


async def refusal(lab: GoldenLab, driver: DriverName = FAKE) -> GoldenFailed:
    with pytest.raises(GoldenFailed) as refused:
        await serving(lab).golden(driver)
    return refused.value


def exchange_qemu(lab: GoldenLab) -> None:
    """Memory that was saved by the one before fits no machine of the new one, and no report is about it."""
    lab.works.prepared.clear()
    lab.works.canaries.reports.clear()


async def started(lab: GoldenLab) -> bool:
    """Whether a machine can be started now."""
    try:
        await serving(lab).golden(FAKE)
    except GoldenFailed:
        return False
    return True


async def test_what_is_promoted_and_ready_is_served(lab: GoldenLab) -> None:
    assert await serving(lab).golden(FAKE) == GOLDEN


async def test_what_may_not_be_served_is_refused_as_before(lab: GoldenLab) -> None:
    lab.goldens.damaged[GOLDEN] = GoldenFailed("it is damaged", remedy="Verify.", code="golden_corrupt")
    assert (await refusal(lab)).failure_code == "golden_corrupt"


async def test_a_driver_that_nobody_keeps_goldens_for_says_itself_what_is_missing(lab: GoldenLab) -> None:
    assert await serving(lab).golden(QEMU) == GOLDEN


async def test_a_start_after_an_exchange_of_qemu_says_that_it_is_made_anew(lab: GoldenLab) -> None:
    exchange_qemu(lab)
    refused = await refusal(lab)
    assert (refused.failure_code, refused.remedy) == ("snapshot_absent", SOON)


@pytest.mark.parametrize("policy", list(StalePolicy))
async def test_a_start_that_finds_another_qemu_has_all_made_anew_without_a_restart(
    tmp_path: Path, policy: StalePolicy
) -> None:
    lab = golden_lab(tmp_path, policy=policy)
    async with lab.running():
        await until(lambda: lab.goldens.held)
        exchange_qemu(lab)
        assert not await started(lab)
        await until(lambda: lab.works.canaries.reports and not lab.renewals.busy)
        assert await serving(lab).golden(FAKE) == GOLDEN
    assert lab.renewals.current is not None
    assert lab.renewals.current.why == freshness.UNREADY


async def test_a_start_from_a_damaged_snapshot_names_the_file_and_has_it_made_anew(lab: GoldenLab) -> None:
    lab.made(GOLDEN)
    lab.works.spoiled[GOLDEN, FAKE] = GoldenFailed(
        "memory.img was changed", remedy="Verify.", code="golden_corrupt"
    )
    refused = await refusal(lab)
    assert (refused.failure_code, refused.cause, refused.remedy) == (
        "golden_corrupt",
        "memory.img was changed",
        SOON,
    )
    async with lab.running():
        await until(lambda: not lab.works.spoiled and not lab.renewals.busy)
        assert await started(lab)


async def test_what_another_controller_made_anew_and_did_not_try_is_not_served(lab: GoldenLab) -> None:
    """It was killed before the canary: only the report, which is of other memory, tells."""
    lab.made(GOLDEN)
    lab.works.another.add((GOLDEN, FAKE))
    assert not await started(lab)
    async with lab.running():
        await until(lambda: not lab.works.another and not lab.renewals.busy)
        assert await started(lab)


async def test_what_an_operator_promoted_untried_is_served(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.works.another.add((NEXT, FAKE))
    lab.promotions.promote_by_hand(NEXT)
    assert await serving(lab).golden(FAKE) == NEXT


async def test_an_exchange_of_qemu_is_noticed_before_anybody_starts_a_machine(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "HOLD_S", 0.01)
    async with lab.running():
        await until(lambda: lab.goldens.held)
        exchange_qemu(lab)
        await until(lambda: lab.works.prepared)


async def test_an_older_golden_that_is_served_on_is_made_ready_and_stays_promoted(lab: GoldenLab) -> None:
    lab.made(NEXT)
    lab.promotions.promote_by_hand(NEXT)
    async with lab.running():
        await until(lambda: lab.goldens.held == [NEXT])
        exchange_qemu(lab)
        assert not await started(lab)
        await until(lambda: lab.works.canaries.reports and not lab.renewals.busy)
        assert await serving(lab).golden(FAKE) == NEXT
    assert [step for step in lab.works.steps if step.startswith(("build", "prepare"))] == [
        f"prepare {NEXT} fake"
    ]


async def test_where_the_new_golden_cannot_be_made_the_old_one_is_made_ready(lab: GoldenLab) -> None:
    lab.works.failing["build"] = GoldenFailed("no route to the mirror", remedy="Look.", code="build_failed")
    async with lab.running():
        exchange_qemu(lab)
        lab.edit(NEXT)
        await until(lambda: (GOLDEN, FAKE) in lab.works.prepared and not lab.renewals.busy)
        assert await serving(lab).golden(FAKE) == GOLDEN


async def test_memory_that_was_made_anew_is_not_served_before_its_canary_has_passed(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    trying, go_on, try_out = asyncio.Event(), asyncio.Event(), lab.works.try_out

    async def slow(*args: object) -> object:
        trying.set()
        await go_on.wait()
        return await try_out(*args)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(lab.works, "try_out", slow)
    exchange_qemu(lab)
    async with lab.running():
        await trying.wait()
        assert "is being made" in (await refusal(lab)).remedy
        go_on.set()
        await until(lambda: lab.works.canaries.reports and not lab.renewals.busy)
        assert await started(lab)


async def test_memory_that_fails_its_canary_is_not_served_and_not_made_again_by_itself(
    lab: GoldenLab,
) -> None:
    lab.works.canaries.sound = False
    exchange_qemu(lab)
    async with lab.running():
        await until(lambda: lab.works.canaries.reports and not lab.renewals.busy)
        refused = await refusal(lab)
        assert "did not pass its canary" in refused.remedy
        assert not await started(lab)
        assert lab.works.steps.count(f"canary {GOLDEN} fake") == 1
        lab.works.canaries.sound = True
        await lab.freshness.ask()
        await until(lambda: lab.works.steps.count(f"canary {GOLDEN} fake") == 2 and not lab.renewals.busy)
        assert await started(lab)


async def test_a_canary_that_said_nothing_is_run_again(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "RETRY_S", (0.01,))
    exchange_qemu(lab)
    try_out = lab.works.try_out

    async def slow_at_first(*args: object) -> object:
        report = await try_out(*args)  # type: ignore[arg-type]  # passed on as it came
        if lab.works.steps.count(f"canary {GOLDEN} fake") > 1:
            return report
        checks = tuple(dataclasses.replace(check, ok=False, late=True) for check in report.checks)
        report = lab.works.canaries.reports[GOLDEN, FAKE] = dataclasses.replace(report, checks=checks)
        return report

    monkeypatch.setattr(lab.works, "try_out", slow_at_first)
    async with lab.running():
        await until(lambda: lab.works.steps.count(f"canary {GOLDEN} fake") > 1 and not lab.renewals.busy)
        assert await started(lab)


async def test_a_host_without_qemu_says_so_and_it_is_made_once_qemu_is_back(
    lab: GoldenLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "RETRY_S", (0.01,))
    lab.works.failing["prepare"] = HostUnfit("QEMU is not installed", remedy="Install it.", code="no_qemu")
    async with lab.running():
        exchange_qemu(lab)
        assert not await started(lab)
        await until(lambda: lab.promotions.blocked is not None)
        assert not await started(lab)
        del lab.works.failing["prepare"]
        await until(lambda: lab.works.canaries.reports and not lab.renewals.busy)
        assert await started(lab)


async def test_whoever_promotes_memory_by_hand_that_failed_its_canary_gets_it(lab: GoldenLab) -> None:
    lab.goldens.add(LATER)
    lab.works.prepared.add((LATER, FAKE))
    lab.works.canaries.reports[LATER, FAKE] = report_of(LATER, ok=False)
    lab.promotions.promote_by_hand(LATER)
    assert await serving(lab).golden(FAKE) == LATER
