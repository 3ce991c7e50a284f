"""When a golden's machines condemn it, and what does not tell."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Iterable, Sequence

import pytest

from vestibule.core.ids import GoldenId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType, Warmth
from vestibule.core.probation import GOLDEN_CAUSED, standing

T0 = dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC)


def ended(error_code: str | None = None, *, confirmed: bool = True) -> MachineRecord:
    return MachineRecord(
        vm_id=VmId("vm-1"),
        user_id=UserId("u-1"),
        session_id=None,
        type=MachineType.BROWSER,
        driver=DriverName.CONTAINER,
        isolation=Isolation.CONTAINER,
        status=MachineStatus.FAILED if error_code else MachineStatus.DESTROYED,
        vm_ip="192.168.100.2",
        golden_id=GoldenId("g-1"),
        agent_build="b" if confirmed else None,
        host="here",
        pid=None,
        pid_started=None,
        error_code=error_code,
        error_cause=None,
        created_at=T0,
        running_at=None,
        ended_at=T0,
    )


GOOD, BAD = ended(), ended("desktop_absent")


def condemned(machines: Iterable[MachineRecord]) -> bool:
    return standing(tuple(machines)).condemned


def test_a_golden_without_machines_stands() -> None:
    assert not condemned([])


def test_three_failures_in_a_row_condemn() -> None:
    assert condemned([BAD] * 3)


@pytest.mark.parametrize("good", range(6))
@pytest.mark.parametrize("first", range(1, 3))
def test_three_failures_with_at_most_five_good_machines_among_them_condemn(good: int, first: int) -> None:
    assert condemned([*[BAD] * first, *[GOOD] * good, *[BAD] * (3 - first)])


def test_three_failures_with_six_good_machines_among_them_do_not() -> None:
    assert not condemned([BAD, *[GOOD] * 6, BAD, BAD])


def test_two_failures_do_not_condemn() -> None:
    assert not condemned([BAD] * 2)


def test_a_hundred_good_machines_do_not_hide_three_bad_ones() -> None:
    assert condemned([*[GOOD] * 100, *[BAD] * 3])


def test_good_machines_that_come_after_do_not_acquit() -> None:
    assert condemned([*[BAD] * 3, *[GOOD] * 100])


@pytest.mark.parametrize("code", ["cancelled", "disk_full", "host_unfit", "credential_invalid"])
def test_a_failure_that_no_golden_causes_does_not_tell_against_it(code: str) -> None:
    found = standing([ended(code)] * 10)
    assert (found.failures, found.condemned) == ((), False)


def test_a_machine_that_never_confirmed_and_failed_by_another_s_fault_tells_nothing() -> None:
    assert standing([ended("disk_full", confirmed=False)] * 10).machines == 0
    assert standing([ended(confirmed=False)] * 10).machines == 0


def test_machines_that_tell_nothing_do_not_dilute_failures() -> None:
    silent = ended("disk_full", confirmed=False)
    assert condemned([BAD, *[silent] * 50, BAD, *[silent] * 50, BAD])


def test_what_counts_against_a_golden_is_what_happens_inside_of_its_machines() -> None:
    """Roll-backs depend on it: whoever adds a code to these kinds of fault decides that here, too."""
    assert sorted(GOLDEN_CAUSED) == [
        "address_unset",
        "agent_mismatch",
        "agent_refused",
        "agent_unreachable",
        "browser_absent",
        "browser_crashed",
        "claim_timeout",
        "clipboard_unavailable",
        "clock_wrong",
        "desktop_absent",
        "downloads_unusable",
        "guest_disk_full",
        "guest_out_of_memory",
        "machine_exited",
        "machine_failed",
        "no_identity_ack",
        "qemu_failed",
        "randomness_unconfirmed",
        "shared_randomness",
        "terminal_unavailable",
        "tool_missing",
        "vmm_crashed",
        "vnc_absent",
        "vnc_unavailable",
    ]


@pytest.mark.parametrize("code", sorted(GOLDEN_CAUSED))
@pytest.mark.parametrize("confirmed", [True, False])
def test_every_failure_that_a_golden_can_cause_tells_against_it(code: str, confirmed: bool) -> None:  # noqa: FBT001
    assert condemned([ended(code, confirmed=confirmed)] * 3)


def test_a_machine_that_somebody_ended_with_an_old_error_in_its_row_tells_for_the_golden() -> None:
    assert standing([GOOD]).machines == 1
    assert standing([GOOD]).failures == ()


def test_the_sentence_counts_and_names_each_code_once() -> None:
    machines = [GOOD, BAD, ended("no_identity_ack"), BAD]
    assert standing(machines).sentence == (
        "3 of 4 machines failed by the golden's fault (desktop_absent, no_identity_ack)"
    )


# -- seeded simulations ----------------------------------------------------------------------------------


def lives(share: float, machines: int, seed: int) -> Sequence[MachineRecord]:
    draw = random.Random(seed)  # noqa: S311 (a simulation)
    return [BAD if draw.random() < share else GOOD for _ in range(machines)]


def test_a_golden_whose_machines_fail_three_in_a_hundred_is_condemned_rarely() -> None:
    condemnations = sum(condemned(lives(0.03, 200, seed)) for seed in range(300))
    assert condemnations <= 300 * 0.10


def test_a_golden_whose_machines_fail_four_in_ten_is_condemned_soon() -> None:
    condemnations = sum(condemned(lives(0.40, 25, seed)) for seed in range(300))
    assert condemnations >= 300 * 0.95


@pytest.mark.parametrize("warmth", Warmth)
def test_a_machine_of_the_warm_pool_that_nobody_claimed_tells_nothing(warmth: Warmth) -> None:
    lost = dataclasses.replace(ended("machine_exited", confirmed=False), warmth=warmth)
    assert standing([lost] * 3).machines == 0


def test_warm_machines_that_a_host_s_sleep_has_ended_condemn_no_golden() -> None:
    silent = dataclasses.replace(ended("no_identity_ack", confirmed=False), claimed_at=T0)
    assert standing([silent] * 3).machines == 0


def test_a_machine_of_the_warm_pool_tells_once_its_user_has_it() -> None:
    assert condemned([dataclasses.replace(BAD, claimed_at=T0)] * 3)
