"""The rules of admission: what speaks against one more machine, and what is said about it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from vestibule.core.admission import LackKind, Load, Room, Rules, lacking, lacking_place
from vestibule.core.pausing import may_pause
from vestibule.core.providers import Flow
from vestibule.core.sessions import SessionStatus
from vestibule.drivers.pressure import pressure_check, read_room

RULES = Rules(
    max_machines=10,
    max_machines_per_user=3,
    max_starts=4,
    need_mib=600,
    reserve_mib=500,
    max_memory_pressure=10,
    max_cpu_pressure=90,
)
QUIET = Room(available_mib=8000, memory_pressure=0.0, cpu_pressure=5.0)

CASES: list[tuple[LackKind | None, dict[str, int], dict[str, Any]]] = [
    (None, {}, {}),
    (LackKind.MACHINES, {"machines": 10}, {}),
    (LackKind.OWN_MACHINES, {"own": 3}, {}),
    (None, {}, {"available_mib": 1100}),
    (LackKind.MEMORY, {}, {"available_mib": 1099}),
    (None, {"starting": 1}, {"available_mib": 1700}),
    (LackKind.MEMORY, {"starting": 1}, {"available_mib": 1699}),
    (LackKind.MEMORY_PRESSURE, {}, {"memory_pressure": 10.0}),
    (None, {}, {"memory_pressure": 9.9}),
    (LackKind.STARTS, {"starting": 4}, {}),
    (None, {"starting": 3}, {}),
    (LackKind.CPU_PRESSURE, {"starting": 1}, {"cpu_pressure": 90.0}),
    (None, {}, {"cpu_pressure": 100.0}),
    (LackKind.MACHINES, {"machines": 10, "own": 9, "starting": 9}, {"available_mib": 0}),
    (None, {"starting": 1}, {"available_mib": None, "memory_pressure": None, "cpu_pressure": None}),
]


@pytest.mark.parametrize(("kind", "load", "room"), CASES)
def test_what_speaks_against_one_more(kind: LackKind | None, load: Any, room: Any) -> None:
    loaded = Load(**{"machines": 1, "own": 0, "starting": 0, **load})
    found = lacking(RULES, loaded, dataclasses.replace(QUIET, **room))
    assert (found and found.kind) == kind
    if found:
        assert found.cause.endswith(".")
        assert found.remedy.endswith(".")


def test_a_warm_machine_needs_a_place_and_nothing_more_of_the_host() -> None:
    room = dataclasses.replace(QUIET, available_mib=0, cpu_pressure=100.0)
    assert lacking_place(RULES, Load(machines=1, own=0, starting=4), room) is None
    found = lacking_place(RULES, Load(machines=10, own=0, starting=0), QUIET)
    assert found is not None
    assert found.kind is LackKind.MACHINES


@pytest.mark.parametrize("kind", LackKind)
def test_every_lack_is_in_a_case(kind: LackKind) -> None:
    assert kind in {case[0] for case in CASES}


def test_memory_and_pressure_of_the_host_are_read(tmp_path: Path) -> None:
    (tmp_path / "pressure").mkdir()
    (tmp_path / "meminfo").write_text("MemTotal:  16000 kB\nMemAvailable:    2050 kB\n")
    (tmp_path / "pressure/memory").write_text(
        "some avg10=7.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=3.25 avg60=0.00 avg300=0.00 total=2\n"
    )
    (tmp_path / "pressure/cpu").write_text("some avg10=18.12 avg60=14.64 avg300=19.47 total=140385788\n")
    assert read_room(tmp_path) == Room(available_mib=2, memory_pressure=3.25, cpu_pressure=18.12)
    assert pressure_check(tmp_path).ok


def test_a_kernel_that_measures_no_pressure_is_not_judged_by_it_and_doctor_says_so(tmp_path: Path) -> None:
    assert read_room(tmp_path) == Room(available_mib=None, memory_pressure=None, cpu_pressure=None)
    check = pressure_check(tmp_path)
    assert not check.ok
    assert not check.needed
    assert "does not measure" in check.detail


@pytest.mark.parametrize("status", SessionStatus)
@pytest.mark.parametrize("flow", [*Flow, None])
def test_only_a_sign_in_that_waits_for_its_person_may_stand_still(
    status: SessionStatus, flow: Flow | None
) -> None:
    waits = status is SessionStatus.AWAITING_USER_AUTH and flow in {Flow.LOOPBACK, Flow.PASTE}
    assert may_pause(status, flow) == waits
