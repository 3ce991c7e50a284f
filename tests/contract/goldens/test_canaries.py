"""What any implementation of CanaryReports promises."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import multiprocessing
from multiprocessing.synchronize import Event
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


def test_every_report_is_listed_newest_first_whatever_became_of_its_golden(reports: Reports) -> None:
    later = dataclasses.replace(report_of(NEXT, DriverName.QEMU), at=REPORT.at + dt.timedelta(minutes=1))
    reports.keep(REPORT, None)
    reports.keep(later, None)
    assert list(reports.port.all()) == [later, REPORT]


def test_evidence_is_named_by_golden_and_driver(reports: Reports) -> None:
    reports.keep(REPORT, None)
    assert reports.port.evidence(GOLDEN, DriverName.CONTAINER).endswith(f"/canaries/{GOLDEN}/container")


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


# -- two processes ---------------------------------------------------------------------------------------

SPAWN = multiprocessing.get_context("spawn")


def _try_alone(root: Path, begun: Event, go_on: Event) -> None:
    async def held() -> None:
        async with FileCanaries(Cache(root)).alone(GOLDEN, DriverName.CONTAINER):
            begun.set()
            await asyncio.to_thread(go_on.wait, 60)

    asyncio.run(held())


def test_whoever_comes_while_another_process_tries_the_same_waits_and_is_told_so(tmp_path: Path) -> None:
    begun, go_on = SPAWN.Event(), SPAWN.Event()
    other = SPAWN.Process(target=_try_alone, args=(tmp_path, begun, go_on))
    other.start()
    assert begun.wait(60)
    files = FileCanaries(Cache(tmp_path))

    async def come() -> tuple[bool, bool]:
        async with files.alone(GOLDEN, DriverName.QEMU) as waited_for_another_driver:
            pass
        asyncio.get_running_loop().call_later(0.3, go_on.set)
        async with files.alone(GOLDEN, DriverName.CONTAINER) as waited:
            assert go_on.is_set()
            return waited_for_another_driver, waited

    assert asyncio.run(come()) == (False, True)
    other.join(60)
    assert other.exitcode == 0


def test_a_trial_that_is_given_up_while_it_waits_leaves_the_other_alone(tmp_path: Path) -> None:
    files = FileCanaries(Cache(tmp_path))

    async def come() -> None:
        async with files.alone(GOLDEN, DriverName.CONTAINER):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), files.alone(GOLDEN, DriverName.CONTAINER):
                    pytest.fail("two at once")
        async with asyncio.timeout(10), files.alone(GOLDEN, DriverName.CONTAINER) as waited:
            assert not waited

    asyncio.run(come())


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"golden_id": "g-1"}'])
def test_a_report_that_cannot_be_read_counts_as_never_tried(files: FileCanaries, content: str) -> None:
    kept = files.finish(files.begin(GOLDEN), REPORT, None)
    (kept / "report.json").write_text(content)
    assert files.find(GOLDEN, DriverName.CONTAINER) is None
    assert files.of(GOLDEN) == []
