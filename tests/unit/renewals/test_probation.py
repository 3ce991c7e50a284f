"""Probation at work: what people's machines tell rolls a golden back, once, and only the one they tell of."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from golden_doubles import GOLDEN, LATER, NEXT
from golden_lab import GoldenLab
from waiting import until

from vestibule.core.failures import FailureCode
from vestibule.core.ids import GoldenId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineRecord, MachineStatus, MachineType
from vestibule.core.metrics import GOLDEN_FAILING
from vestibule.core.promotion import GoldenStatus
from vestibule.services import repositories
from vestibule.services.golden_gauges import golden_gauges
from vestibule.services.host import golden_check
from vestibule.services.probation import PAUSE, Probation
from vestibule.services.renewals import GOLDENS

pytestmark = pytest.mark.anyio


def failed(golden_id: GoldenId, at: dt.datetime, code: str | None = "desktop_absent") -> MachineRecord:
    return MachineRecord(
        vm_id=VmId("vm-1"),
        user_id=UserId("u-1"),
        session_id=None,
        type=MachineType.BROWSER,
        driver=DriverName.FAKE,
        isolation=Isolation.CONTAINER,
        status=MachineStatus.FAILED if code else MachineStatus.DESTROYED,
        vm_ip="192.168.100.2",
        golden_id=golden_id,
        agent_build="b",
        host="lab",
        pid=None,
        pid_started=None,
        error_code=code,
        error_cause=None,
        created_at=at,
        running_at=at,
        ended_at=at,
    )


class Rows:
    """As much of table ``vms`` as is asked for; ``on_look`` happens while a look is under way."""

    def __init__(self) -> None:
        self.ended: list[MachineRecord] = []
        self.failing: Exception | None = None
        self.on_look: Callable[[], object] = lambda: None
        self.looks = 0

    async def ended_of(
        self, golden_id: GoldenId, *, since: dt.datetime, limit: int
    ) -> Sequence[MachineRecord]:
        self.looks += 1
        self.on_look()
        if self.failing is not None:
            raise self.failing
        found = [row for row in self.ended if row.golden_id == golden_id and row.created_at >= since]
        return found[-limit:]


@pytest.fixture
def lab(lab: GoldenLab) -> GoldenLab:
    """NEXT is promoted, GOLDEN was before, for a minute each."""
    lab.goldens.add(NEXT)
    lab.clock.move(60)
    lab.promotions.promote(NEXT, why="its canary passed")
    lab.clock.move(60)
    return lab


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def probation(lab: GoldenLab, rows: Rows) -> Probation:
    machines = cast(repositories.Machines, rows)
    return Probation(rows=machines, promotions=lab.promotions, feed=lab.renewals.feed, clock=lab.clock)


def critical(log: Sequence[Any]) -> list[Any]:
    return [line for line in log if line["log_level"] == "critical"]


async def test_a_golden_that_fails_its_machines_is_left_for_the_one_before_with_the_reason(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    await probation.judge()
    move = lab.promotions.register.last(NEXT)
    assert move is not None
    assert (lab.promoted, move.to) == (GOLDEN, GoldenStatus.ROLLED_BACK)
    assert move.why == (
        "3 of 3 machines failed by the golden's fault (desktop_absent); rolled back automatically"
    )


async def test_who_follows_is_told_of_a_roll_back(lab: GoldenLab, rows: Rows, probation: Probation) -> None:
    changes = lab.renewals.feed.changes(GOLDENS, 60)
    await anext(changes)
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    await probation.judge()
    assert await anext(changes)
    lab.renewals.feed.close()


async def test_a_golden_that_serves_its_machines_stays(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now(), None)] * 50
    await probation.judge()
    assert lab.promoted == NEXT


async def test_machines_of_before_the_promotion_do_not_tell(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now() - dt.timedelta(seconds=61))] * 9
    await probation.judge()
    assert lab.promoted == NEXT


async def test_machines_of_another_golden_do_not_tell(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(GOLDEN, lab.clock.now())] * 9
    await probation.judge()
    assert lab.promoted == NEXT


async def test_a_golden_that_was_returned_to_starts_with_a_clean_sheet(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(golden, lab.clock.now()) for golden in (NEXT, GOLDEN)] * 3
    lab.clock.move(60)
    await probation.judge()
    await probation.judge()
    assert lab.promoted == GOLDEN


async def test_what_somebody_promoted_meanwhile_is_left_alone(
    lab: GoldenLab, rows: Rows, probation: Probation, log: list[Any]
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    rows.on_look = lambda: lab.promotions.promote(GOLDEN, why="the operator promoted it")
    await probation.judge()
    assert (lab.promoted, lab.status(NEXT)) == (GOLDEN, GoldenStatus.SUPERSEDED)
    assert critical(log) == []


async def test_a_golden_that_was_left_meanwhile_is_judged_when_it_is_promoted_again(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    rows.on_look = lambda: lab.promotions.promote(GOLDEN, why="the operator promoted it")
    await probation.judge()
    rows.on_look = lambda: None
    lab.promotions.promote(NEXT, why="the operator promoted it")
    await probation.judge()
    assert lab.promoted == GOLDEN


async def test_a_golden_that_cannot_be_left_is_told_once(
    lab: GoldenLab, rows: Rows, probation: Probation, log: list[Any]
) -> None:
    del lab.goldens.stored[GOLDEN]
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    for _ in range(3):
        await probation.judge()
    (line,) = critical(log)
    assert lab.promoted == NEXT
    move = lab.promotions.register.last(NEXT)
    assert move is not None
    assert (
        move.failing
        == line["why"]
        == (
            "3 of 3 machines failed by the golden's fault (desktop_absent),"
            " but there is no earlier golden to return to"
        )
    )


async def test_a_golden_that_fails_is_told_wherever_people_look(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    del lab.goldens.stored[GOLDEN]
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    await probation.judge()
    check = golden_check(lab.promotions)
    assert not check.ok
    assert "fails machines, promoted" in check.detail
    assert "its canary passed; since then 3 of 3 machines failed" in check.detail
    gauges = golden_gauges(lab.promotions, lab.works.canaries, lab.clock.now())
    assert {sample.metric: sample.value for sample in gauges}[GOLDEN_FAILING] == 1
    lab.goldens.add(LATER)
    lab.promotions.promote(LATER, why="its canary passed")
    gauges = golden_gauges(lab.promotions, lab.works.canaries, lab.clock.now())
    assert {sample.metric: sample.value for sample in gauges}[GOLDEN_FAILING] == 0


async def test_a_second_golden_is_not_left_automatically_so_soon_and_that_is_told_once(
    lab: GoldenLab, rows: Rows, probation: Probation, log: list[Any]
) -> None:
    lab.goldens.add(LATER)
    rows.ended = [failed(NEXT, lab.clock.now())] * 3
    await probation.judge()
    lab.clock.move(60)
    lab.promotions.promote(LATER, why="its canary passed")
    lab.clock.move(60)
    rows.ended += [failed(LATER, lab.clock.now())] * 3
    for _ in range(2):
        await probation.judge()
    (line,) = critical(log)
    assert (lab.promoted, line["golden_id"]) == (LATER, LATER)
    assert f"{NEXT} was left automatically" in line["why"]
    lab.clock.move(PAUSE.total_seconds())
    await probation.judge()
    assert (lab.promoted, lab.status(LATER)) == (GOLDEN, GoldenStatus.ROLLED_BACK)


async def test_what_an_operator_left_is_no_reason_to_wait(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    lab.goldens.add(LATER)
    lab.promotions.roll_back(why="pages stay white")
    lab.promotions.promote(LATER, why="its canary passed")
    rows.ended = [failed(LATER, lab.clock.now())] * 3
    await probation.judge()
    assert lab.promoted == GOLDEN


async def test_machines_that_the_host_failed_condemn_nothing(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    rows.ended = [failed(NEXT, lab.clock.now(), FailureCode.HOST_OUT_OF_MEMORY)] * 9
    await probation.judge()
    assert lab.promoted == NEXT


async def test_nothing_is_judged_where_nothing_is_promoted(
    lab: GoldenLab, rows: Rows, probation: Probation
) -> None:
    lab.register_file.unlink()
    await probation.judge()
    assert rows.looks == 0


async def test_every_end_of_a_machine_is_a_look_and_a_look_that_fails_is_not_the_last(
    lab: GoldenLab, rows: Rows, probation: Probation, log: list[Any]
) -> None:
    task = asyncio.create_task(probation.run())
    rows.failing = OSError("the disk hangs")
    probation.machine_ended()
    await until(lambda: rows.looks == 1)
    rows.failing, rows.ended = None, [failed(NEXT, lab.clock.now())] * 3
    probation.machine_ended()
    await until(lambda: lab.promoted == GOLDEN)
    assert [line["event"] for line in log if line["log_level"] == "error"] == [
        "The promoted golden could not be judged"
    ]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
