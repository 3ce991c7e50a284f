"""The host's share in a machine's failure: what is blamed on it, what is not, and what is read for that."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from vestibule.core.failures import MEANINGS, FailureCode
from vestibule.core.pressure import Pressure, blame
from vestibule.core.probation import GOLDEN_CAUSED
from vestibule.core.sessions import Failure
from vestibule.drivers.pressure import read_pressure

BEGAN = Pressure(reclaims=5, oom_kills=2, stalled_s=1.0, load=0.5)

EXCUSABLE = {"machine_exited", "qemu_failed", "vmm_crashed", "no_identity_ack", "agent_unreachable"}
"""What a host that is short of something does to a sound golden's machine."""


def blamed(code: str, **now: Any) -> str:
    failure = Failure(code=code, cause="The machine ended by itself (signal 9).", remedy="", evidence={})
    return blame(failure, BEGAN, dataclasses.replace(BEGAN, **now)).code


@pytest.mark.parametrize("code", sorted(EXCUSABLE))
@pytest.mark.parametrize("now", [{"oom_kills": 3}, {"stalled_s": 6.0}], ids=["killed", "stalled"])
def test_a_host_that_is_short_of_memory_is_blamed_for_ends_and_silence(code: str, now: Any) -> None:
    assert blamed(code, reclaims=6, **now) == FailureCode.HOST_OUT_OF_MEMORY


@pytest.mark.parametrize("now", [{"oom_kills": 3}, {"stalled_s": 60.0}, {"reclaims": 6}])
def test_a_machine_that_fills_its_own_memory_is_not_excused(now: Any) -> None:
    assert blamed("machine_exited", **now) == "machine_exited"


@pytest.mark.parametrize("code", ["no_identity_ack", "agent_unreachable"])
def test_a_saturated_host_is_blamed_for_silence(code: str) -> None:
    assert blamed(code, load=4.0) == FailureCode.HOST_SATURATED


def test_a_saturated_host_ends_no_machine() -> None:
    assert blamed("machine_exited", load=40.0) == "machine_exited"


@pytest.mark.parametrize("code", sorted(GOLDEN_CAUSED - EXCUSABLE))
def test_what_only_a_golden_does_is_never_excused(code: str) -> None:
    assert blamed(code, reclaims=6, oom_kills=3, stalled_s=60.0, load=9.0) == code


def test_what_the_host_was_short_of_is_said_with_what_to_do_about_it() -> None:
    evidence = {"console": "the machine's own words"}
    failure = Failure(code="machine_exited", cause="It ended.", remedy="Try again.", evidence=evidence)
    now = dataclasses.replace(BEGAN, reclaims=6, stalled_s=13.4)
    assert blame(failure, BEGAN, now) == Failure(
        code="host_out_of_memory",
        cause="It ended, while the host stood still for 12 s for want of memory.",
        remedy=MEANINGS[FailureCode.HOST_OUT_OF_MEMORY].remedy,
        evidence=evidence,
    )


def test_a_failure_of_the_host_tells_nothing_against_a_golden() -> None:
    assert not GOLDEN_CAUSED & {FailureCode.HOST_OUT_OF_MEMORY, FailureCode.HOST_SATURATED}


# -- reading ---------------------------------------------------------------------------------------------


def test_the_kernel_s_counters_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    (tmp_path / "pressure").mkdir()
    (tmp_path / "vmstat").write_text("nr_free_pages 9\nallocstall_dma 1\nallocstall_normal 4\noom_kill 10\n")
    (tmp_path / "pressure/memory").write_text(
        "some avg10=12.50 avg60=0.00 avg300=0.00 total=9000000\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n"
    )
    (tmp_path / "loadavg").write_text("8.34 4.67 2.25 9/300 4242\n")
    (tmp_path / "pressure/cpu").write_text("some avg10=97.00 avg60=0.00 avg300=0.00 total=1\n")
    expected = Pressure(reclaims=5, oom_kills=10, stalled_s=2.5, load=4.17, memory=12.5, cpu=97.0)
    assert read_pressure(tmp_path) == expected


def test_what_a_kernel_does_not_count_never_changes(tmp_path: Path) -> None:
    assert read_pressure(tmp_path) == Pressure(reclaims=0, oom_kills=0, stalled_s=0.0, load=0.0)


def test_this_host_s_counters_can_be_read() -> None:
    assert read_pressure().load >= 0  # 0.00 on a host that was idle for minutes
