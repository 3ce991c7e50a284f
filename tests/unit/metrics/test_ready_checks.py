"""Readiness: what fails is named with its remedy, what hangs is given up, what mends itself is told."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import time

import pytest
from structlog.testing import capture_logs

from vestibule.core.errors import DiskFull, Unavailable, VestibuleError
from vestibule.services import readings
from vestibule.services.readings import Part, Readings
from vestibule.services.ready_checks import FRESH_S, TIMEOUT_S, ReadyCheck, ReadyChecks

pytestmark = pytest.mark.anyio


@dataclasses.dataclass
class Thing:
    """Something that sign-ins need."""

    error: Exception | None = None
    hangs: bool = False
    looked: int = 0
    now_s: float = 0.0

    async def look(self) -> None:
        self.looked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error

    def checks(self) -> ReadyChecks:
        sound = Sound()
        return ReadyChecks(
            [ReadyCheck(name="thing", look=self.look), ReadyCheck(name="sound", look=sound.look)],
            lambda: self.now_s,
            timeout_s=0.05,
        )


class Sound:
    async def look(self) -> None:
        """Always there."""


async def test_what_fails_is_named_and_what_does_not_is_fine() -> None:
    thing = Thing(error=DiskFull("It is full.", remedy="Free some space."))
    first, second = await thing.checks().findings()
    assert (first.name, first.ok, first.code) == ("thing", False, "disk_full")
    assert (first.cause, first.remedy) == ("It is full.", "Free some space.")
    assert (second.name, second.ok, second.code) == ("sound", True, None)


async def test_what_hangs_is_given_up() -> None:
    first, second = await Thing(hangs=True).checks().findings()
    assert (first.ok, first.code, second.ok) == (False, "check_silent", True)
    assert first.remedy


async def test_what_hangs_may_know_what_it_waits_for() -> None:
    async def lock() -> VestibuleError:
        return Unavailable("sqlite3 (pid 7) holds it.", remedy="End it.", code="database_busy")

    thing = ReadyCheck(name="thing", look=Thing(hangs=True).look, why_silent=lock)
    (finding,) = await ReadyChecks([thing], time.monotonic, timeout_s=0.05).findings()
    assert (finding.code, finding.cause) == ("database_busy", "sqlite3 (pid 7) holds it.")


async def test_a_check_that_fails_when_nobody_waits_any_more_is_no_unseen_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unseen: list[dict[str, object]] = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_exception_handler", unseen.append)
    goes_on = asyncio.Event()

    async def look() -> None:
        await goes_on.wait()
        raise DiskFull("It is full.", remedy="Free some space.")

    checks = ReadyChecks([ReadyCheck(name="thing", look=look)], time.monotonic, timeout_s=0.05)
    await checks.findings()
    goes_on.set()
    for _turn in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert unseen == []


async def test_an_unforeseen_error_is_named_too() -> None:
    first, _ = await Thing(error=ZeroDivisionError()).checks().findings()
    assert (first.ok, first.code) == (False, "internal")


async def test_many_who_ask_cost_one_look() -> None:
    thing = Thing()
    checks = thing.checks()
    await asyncio.gather(*(checks.findings() for _ in range(20)))
    assert thing.looked == 1
    thing.now_s = FRESH_S
    await checks.findings()
    assert thing.looked == 2


async def test_only_changes_are_logged() -> None:
    thing = Thing(error=DiskFull("It is full.", remedy="Free some space."))
    checks = thing.checks()
    with capture_logs() as log:
        for error in (thing.error, thing.error, None, None):
            thing.error = error
            await checks.findings()
            thing.now_s += FRESH_S
    assert [(line["log_level"], line["name"]) for line in log] == [("warning", "thing"), ("info", "thing")]


async def test_who_waits_for_a_check_that_hangs_shares_its_end() -> None:
    thing = Thing(hangs=True)
    checks = ReadyChecks([ReadyCheck(name="thing", look=thing.look)], time.monotonic, timeout_s=0.05)
    await asyncio.gather(*(checks.findings() for _ in range(5)))
    assert thing.looked == 1


async def test_a_check_that_hangs_is_in_the_metrics_of_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    ratio = 0.1  # of the real times: it is their order that counts
    monkeypatch.setattr(readings, "READ_TIMEOUT_S", readings.READ_TIMEOUT_S * ratio)
    thing = Thing(hangs=True)
    checks = ReadyChecks(
        [ReadyCheck(name="thing", look=thing.look)], time.monotonic, timeout_s=TIMEOUT_S * ratio
    )
    asked = asyncio.create_task(checks.findings())  # by /readyz, at the same time
    samples = await Readings([Part(name="ready", read=checks.samples)], time.monotonic).now()
    await asked
    assert [(sample.metric.name, sample.value) for sample in samples] == [
        ("vestibule_ready", 0),
        ("vestibule_metrics_unread", 0),
    ]
