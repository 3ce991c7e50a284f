"""A canary's report: what passes, how it reads, that it survives JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest

from vestibule.core.canary import CanaryCheck, CanaryReport
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName

REPORT = CanaryReport(
    golden_id=GoldenId("g-1"),
    driver=DriverName.CONTAINER,
    subject="root-1",
    clones=3,
    checks=(
        CanaryCheck(name="clock of clone 1", ok=True, detail="within 0.001 s", seconds=0.1),
        CanaryCheck(name="egress", ok=True, detail="out of reach", seconds=0.2),
    ),
    at=dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC),
    seconds=4.5,
)


def failing(*names: str) -> CanaryReport:
    checks = (
        dataclasses.replace(c, ok=c.name not in names, detail=f"{c.name} is wrong") for c in REPORT.checks
    )
    return dataclasses.replace(REPORT, checks=tuple(checks))


def test_a_report_passes_when_every_check_does() -> None:
    assert REPORT.passed
    assert REPORT.failed == ()
    assert REPORT.verdict == "2 checks of 3 clones passed with container"


def test_one_failed_check_fails_the_report_and_is_named() -> None:
    report = failing("egress")
    assert not report.passed
    assert [check.name for check in report.failed] == ["egress"]
    assert report.verdict == "1 of 2 checks failed with container; egress: egress is wrong"


def test_the_first_of_several_failed_checks_is_named() -> None:
    verdict = failing("clock of clone 1", "egress").verdict
    assert verdict == "2 of 2 checks failed with container; clock of clone 1: clock of clone 1 is wrong"


def test_a_report_without_checks_has_not_passed() -> None:
    report = dataclasses.replace(REPORT, checks=())
    assert not report.passed
    assert report.verdict == "0 of 0 checks failed with container; nothing was checked"


@pytest.mark.parametrize("report", [REPORT, failing("egress")])
def test_a_report_survives_json(report: CanaryReport) -> None:
    assert CanaryReport.from_mapping(json.loads(json.dumps(report.to_mapping()))) == report


@pytest.mark.parametrize(
    "change", [{"driver": "firecracker"}, {"at": "noon"}, {"checks": [{}]}, {"checks": None}, {"surplus": 1}]
)
def test_what_is_no_report_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        CanaryReport.from_mapping({**REPORT.to_mapping(), **change})


def test_a_report_whose_failures_all_came_too_late_says_nothing_about_the_golden() -> None:
    late = CanaryCheck(name="sign-in", ok=False, detail="took longer than 60 s", seconds=60.0, late=True)
    wrong = CanaryCheck(name="egress", ok=False, detail="a hole", seconds=1.0)
    assert not dataclasses.replace(REPORT, checks=(late,)).conclusive
    assert dataclasses.replace(REPORT, checks=(late, wrong)).conclusive
    assert dataclasses.replace(REPORT, checks=()).conclusive
