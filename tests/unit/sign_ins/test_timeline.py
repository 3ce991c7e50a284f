"""The timeline tells what happened, in order; nothing that goes wrong with it is felt by a sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from golden_doubles import GOLDEN
from lab import Lab, gathered

from vestibule.core.errors import DiskFull, HostUnfit
from vestibule.core.ids import SessionId
from vestibule.core.sessions import SessionStatus as S
from vestibule.core.steps import StepName, StepOutcome, StepRecord, trace_id, way_id
from vestibule.drivers.db.steps import DbSteps
from vestibule.services import step_writer
from vestibule.services.step_writer import StepWriter

pytestmark = pytest.mark.anyio
OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]
WHOLE = [name for name in StepName if name is not StepName.TAKE]
"""Without a warm pool, from which a machine would be taken."""
ENOUGH = 5


async def _told(lab: Lab, subject: str) -> list[tuple[str, StepOutcome | None, str | None]]:
    return [(step.name, step.outcome, step.error_code) for step in await lab.timeline.of(subject)]


async def _completed(lab: Lab) -> SessionId:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    return record.session_id


async def test_a_sign_in_goes_through_every_step_once(lab: Lab) -> None:
    session_id = await _completed(lab)
    assert await _told(lab, session_id) == [(name, StepOutcome.DONE, None) for name in WHOLE]
    await lab.timeline.close()
    stored = await DbSteps(lab.database).of(session_id)
    assert [(step.number, step.name) for step in stored] == list(enumerate(WHOLE, start=1))
    assert all(step.ended_at is not None for step in stored)


async def test_a_step_takes_as_long_as_the_clock_says(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    (person,) = [step for step in await lab.timeline.of(record.session_id) if step.name == StepName.PERSON]
    assert (person.outcome, person.ended_at) == (None, None)
    lab.clock.move(42)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    (person,) = [step for step in await lab.timeline.of(record.session_id) if step.name == StepName.PERSON]
    assert person.ended_at is not None
    assert (person.ended_at - person.started_at).total_seconds() == 42


async def test_what_failed_says_so_with_its_code(lab: Lab) -> None:
    lab.driver.refuse(HostUnfit("No user namespaces.", remedy="Allow them.", code="userns_off"))
    record = await lab.connect()
    await lab.ended(record.session_id)
    assert (await _told(lab, record.session_id))[-1] == (StepName.START, StepOutcome.FAILED, "userns_off")


async def test_a_tool_that_gave_up_failed_its_step_and_the_machine_was_destroyed_all_the_same(
    lab: Lab,
) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.tell("tool_exited", exit_code=1, screen="no")
    await lab.ended(record.session_id)
    assert (await _told(lab, record.session_id))[-2:] == [
        (StepName.PERSON, StepOutcome.FAILED, "tool_exited"),
        (StepName.DESTROY, StepOutcome.DONE, None),
    ]


@pytest.mark.parametrize(
    ("end", "came_to"),
    [
        ("cancel", (StepOutcome.CANCELLED, None)),
        ("deadline", (StepOutcome.FAILED, "login_timeout")),
    ],
)
async def test_who_does_not_sign_in(lab: Lab, end: str, came_to: tuple[StepOutcome, str | None]) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    if end == "cancel":
        await lab.sign_ins.cancel(lab.ann, record.session_id)
    else:
        lab.sign_ins._runs[record.session_id]._deadline.move(0)
    await lab.ended(record.session_id)
    assert (StepName.PERSON, *came_to) in await _told(lab, record.session_id)


async def test_a_machine_without_a_session_has_its_own(lab: Lab) -> None:
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    vm_id = live.record.vm_id
    await lab.machines.destroy(vm_id)
    names = [StepName.GOLDEN, StepName.START, StepName.CONFIRM, StepName.DESTROY]
    assert await _told(lab, vm_id) == [(name, StepOutcome.DONE, None) for name in names]


async def test_the_next_controller_calls_lost_what_went_on_and_goes_on_with_the_numbers(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    lab.timeline.leave()
    await lab.sign_ins.leave()
    await lab.machines.leave()
    await lab.timeline.close()
    lab.timeline._left = False  # another controller, on the same store
    lab.timeline._writer = StepWriter(lab.timeline._rows)
    lab.clock.move(3)
    await lab.timeline.recover()
    assert await lab.sign_ins.recover() == 0
    await lab.reach(record.session_id, S.AWAITING_USER_AUTH)
    await lab.machine().agent.sign_in()
    await lab.ended(record.session_id)
    told = await _told(lab, record.session_id)
    assert told[5:] == [
        (StepName.PERSON, StepOutcome.LOST, None),
        (StepName.PERSON, StepOutcome.DONE, None),
        (StepName.CLAIM, StepOutcome.DONE, None),
        (StepName.SEAL, StepOutcome.DONE, None),
        (StepName.DESTROY, StepOutcome.DONE, None),
    ]
    assert [step.number for step in await lab.timeline.of(record.session_id)] == list(range(1, 11))


class _Store:
    """A store of steps that fails until it is mended."""

    def __init__(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.broken = True
        self.tries = 0
        self.tried = asyncio.Event()
        self._store = lab.timeline._rows.store
        monkeypatch.setattr(lab.timeline._rows, "store", self.store)

    async def store(self, batch: Sequence[StepRecord]) -> Sequence[int]:
        self.tries += 1
        if self.tries == ENOUGH:
            self.tried.set()
        if self.broken:
            raise DiskFull("The disk is full.", remedy="Make room.")
        return await self._store(batch)


async def test_a_full_disk_costs_the_timeline_nothing_but_itself_and_is_told_once(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, log: list[Any]
) -> None:
    monkeypatch.setattr(step_writer, "AGAIN_S", 0.01)
    store = _Store(lab, monkeypatch)
    session_id = await _completed(lab)
    async with asyncio.timeout(5):
        await store.tried.wait()
    assert [line["event"] for line in log].count(
        "Steps cannot be stored; sign-ins go on, and this is not said again"
    ) == 1
    assert (await lab.sessions.get(session_id)).status is S.COMPLETED
    assert [step.number for step in await lab.timeline.of(session_id)] == list(range(1, 10))
    store.broken = False  # somebody has made room
    await lab.timeline.close()
    assert len(await DbSteps(lab.database).of(session_id)) == len(WHOLE)


async def test_a_store_that_never_answers_holds_up_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_batch: Sequence[StepRecord]) -> Sequence[int]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(lab.timeline._rows, "store", never)
    monkeypatch.setattr(step_writer, "CLOSE_S", 0.01)
    session_id = await _completed(lab)
    assert (await lab.sessions.get(session_id)).status is S.COMPLETED


async def test_what_nobody_can_store_is_bounded(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_writer, "MOST", 10)
    store = _Store(lab, monkeypatch)
    for number in range(50):
        with lab.timeline.step(f"s-{number}", StepName.START):
            pass
    assert len(lab.timeline._writer._unstored) == 10
    assert await lab.timeline.of("s-0") == []
    assert len(await lab.timeline.of("s-49")) == 1
    store.broken = False


async def test_every_way_is_a_trace_of_its_own(lab: Lab) -> None:
    session_id = await _completed(lab)
    spans = [span for span in lab.spans if span.trace_id == trace_id(session_id)]
    assert [span.name for span in spans] == [*WHOLE, "sign-in"]
    *steps, way = spans
    assert (way.span_id, way.parent_id, way.outcome) == (way_id(session_id), None, StepOutcome.DONE)
    assert {span.parent_id for span in steps} == {way.span_id}
    assert len({span.span_id for span in spans}) == len(spans)
    facts = {"provider": "demo", "driver": "fake", "golden_id": GOLDEN}
    assert way.facts == facts
    assert steps[-1].facts == facts
    assert lab.timeline._facts == {}


async def test_nothing_is_kept_of_many_sign_ins(lab: Lab) -> None:
    for _ in range(3):
        await _completed(lab)
    live = await lab.machines.start(lab.ann.user_id, driver=None)
    await lab.machines.destroy(live.record.vm_id)
    lab.driver.refuse(HostUnfit("No.", remedy="Mend it.", code="no"))
    (failed,) = await gathered(lab.machines.start(lab.ann.user_id, driver=None))
    assert isinstance(failed, HostUnfit)
    await lab.timeline.close()
    assert (lab.timeline._facts, lab.timeline._writer._unstored) == ({}, {})


@pytest.mark.parametrize("before", [0, 1])
async def test_nothing_is_written_once_the_timeline_is_closed(lab: Lab, before: int) -> None:
    for _ in range(before):
        with lab.timeline.step("s-before", StepName.START):
            pass
    await lab.timeline.close()
    with lab.timeline.step("s-after", StepName.START):
        pass
    writer = lab.timeline._writer
    assert (writer._unstored, writer._task is None or writer._task.done()) == ({}, True)
    assert await DbSteps(lab.database).of("s-after") == []
