"""What any implementation of CanaryReports promises."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from golden_doubles import GOLDEN, NEXT, report_of

from vestibule.core.machines import DriverName
from vestibule.core.pictures import Picture
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.canaries import CanaryReports as FileCanaries

from .conftest import Reports

PICTURE = Picture(width=2, height=1, pixels=b"\x01\x02\x03\x00\x04\x05\x06\x00")
REPORT = report_of(GOLDEN, DriverName.CONTAINER)


def test_what_was_never_tried_has_no_report_and_no_screenshot(reports: Reports) -> None:
    reports.keep(REPORT, PICTURE)
    assert reports.port.find(NEXT, DriverName.CONTAINER) is None
    assert reports.port.find(GOLDEN, DriverName.QEMU) is None
    assert reports.port.screenshot(NEXT, DriverName.CONTAINER) is None
    assert list(reports.port.of(NEXT)) == []


def test_a_report_reads_back_as_it_was_kept_with_its_screenshot(reports: Reports) -> None:
    reports.keep(REPORT, PICTURE)
    assert reports.port.find(GOLDEN, DriverName.CONTAINER) == REPORT
    assert reports.port.screenshot(GOLDEN, DriverName.CONTAINER) == PICTURE.png()


def test_every_driver_has_a_report_of_its_own(reports: Reports) -> None:
    other = report_of(GOLDEN, DriverName.QEMU, ok=False)
    reports.keep(REPORT, None)
    reports.keep(other, None)
    assert list(reports.port.of(GOLDEN)) == [REPORT, other]


def test_the_newest_report_takes_the_place_of_the_one_before_and_its_screenshot(reports: Reports) -> None:
    reports.keep(report_of(GOLDEN, DriverName.CONTAINER, ok=False), PICTURE)
    reports.keep(REPORT, None)
    assert list(reports.port.of(GOLDEN)) == [REPORT]
    assert reports.port.screenshot(GOLDEN, DriverName.CONTAINER) is None


# -- on the disk -----------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> FileCanaries:
    return FileCanaries(Cache(tmp_path))


def test_the_evidence_of_a_trial_is_kept_beside_its_report(files: FileCanaries) -> None:
    evidence = files.begin(GOLDEN)
    (evidence / "machines").mkdir()
    (evidence / "machines/console.log").write_text("kernel panic")
    kept = files.finish(evidence, REPORT, None)
    assert (kept / "machines/console.log").read_text() == "kernel panic"
    assert not evidence.exists()


def test_a_trial_that_is_under_way_does_not_hide_the_report_before(files: FileCanaries) -> None:
    files.finish(files.begin(GOLDEN), REPORT, None)
    files.begin(GOLDEN)
    assert files.find(GOLDEN, DriverName.CONTAINER) == REPORT


def test_two_trials_at_once_have_evidence_of_their_own_and_the_last_one_stands(files: FileCanaries) -> None:
    first, second = files.begin(GOLDEN), files.begin(GOLDEN)
    assert first != second
    later = dataclasses.replace(REPORT, seconds=9.0)
    files.finish(first, REPORT, None)
    files.finish(second, later, None)
    assert files.find(GOLDEN, DriverName.CONTAINER) == later


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"golden_id": "g-1"}'])
def test_a_report_that_cannot_be_read_counts_as_never_tried(files: FileCanaries, content: str) -> None:
    kept = files.finish(files.begin(GOLDEN), REPORT, None)
    (kept / "report.json").write_text(content)
    assert files.find(GOLDEN, DriverName.CONTAINER) is None
    assert files.of(GOLDEN) == []
