"""The timeline: what every session and machine goes through, as it happens.

::

    with step(): ─▶ begun (whoever looks at the session is woken) ─▶ ended ─▶ span, exported
                        └────────── stored in the background ──────────┘

One per controller.  Nothing here waits or raises: what it tells of comes first.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from vestibule.core import steps
from vestibule.core.diagnosis import failure_of
from vestibule.core.steps import Span, StepName, StepOutcome, StepRecord
from vestibule.services.ports import Clock
from vestibule.services.repositories import Steps
from vestibule.services.step_writer import OpenStep, StepWriter

log = structlog.get_logger()

Ending = tuple[StepOutcome, str | None]
"""What something came to, and the code of its failure."""


def ending_of(error: BaseException | None) -> Ending:
    """What an exception, or none, makes of what it ended."""
    if error is None:
        return StepOutcome.DONE, None
    if isinstance(error, asyncio.CancelledError):
        return StepOutcome.CANCELLED, None
    return StepOutcome.FAILED, failure_of(error).code


class Timeline:
    """Records steps; ``export`` is given the span of each, and of each whole way."""

    def __init__(
        self,
        *,
        rows: Steps,
        clock: Clock,
        begun: Callable[[str], None],
        export: Callable[[Span], None],
    ) -> None:
        """``begun`` is told the subject of each step that begins."""
        self._rows = rows
        self._clock = clock
        self._begun = begun
        self._export = export
        self._writer = StepWriter(rows)
        self._facts: dict[str, Mapping[str, str]] = {}
        self._left = False

    @contextlib.contextmanager
    def step(self, subject: str, name: StepName) -> Iterator[None]:
        """The step that the block is; what leaves the block is what it came to."""
        step = self.begin(subject, name)
        try:
            yield
        except BaseException as error:
            self.end(step, ending_of(error))
            raise
        self.end(step, ending_of(None))

    def begin(self, subject: str, name: StepName) -> OpenStep:
        """A step begins; give it to ``end``."""
        record = StepRecord(subject_id=subject, number=0, name=name, started_at=self._clock.now())
        step = OpenStep(record=record)
        self._writer.put(step)
        self._begun(subject)
        return step

    def end(self, step: OpenStep, ending: Ending) -> None:
        """It is over; what ends because the controller leaves is the next one's to call lost."""
        if self._left:
            return
        outcome, code = ending
        now = self._clock.now()
        step.record = dataclasses.replace(step.record, ended_at=now, outcome=outcome, error_code=code)
        self._writer.put(step)
        span = steps.span_of_step(step.record, self._facts.get(step.record.subject_id, {}))
        if span is not None:
            self._export(span)

    def know(self, subject: str, **facts: str) -> None:
        """What spans of this subject say besides; until ``finish``."""
        self._facts[subject] = {**self._facts.get(subject, {}), **facts}

    def finish(self, subject: str, name: str, *, since: dt.datetime, ending: Ending) -> None:
        """Its whole way is over."""
        facts = self._facts.pop(subject, {})
        if self._left:
            return
        outcome, code = ending
        self._export(
            Span(
                trace_id=steps.trace_id(subject),
                span_id=steps.way_id(subject),
                parent_id=None,
                name=name,
                started_at=since,
                ended_at=self._clock.now(),
                outcome=outcome,
                error_code=code,
                facts=facts,
            )
        )

    async def of(self, subject: str) -> Sequence[StepRecord]:
        """Its steps, in order of their start, the newest state of each."""
        fresh = {(step.name, step.started_at): step for step in self._writer.unstored(subject)}
        stored = await self._rows.of(subject)
        known = [_newer(row, fresh.pop((row.name, row.started_at), row)) for row in stored]
        last = known[-1].number if known else 0
        return [
            *known,
            *(
                dataclasses.replace(step, number=number)
                for number, step in enumerate(fresh.values(), start=last + 1)
            ),
        ]

    async def recover(self) -> None:
        """At start: steps of a controller that is gone are lost."""
        try:
            lost = await self._rows.lose_open(self._clock.now())
        except Exception:
            log.exception("Steps of an earlier controller still seem to go on")
            return
        if lost:
            log.info("Steps were lost with an earlier controller", steps=lost)

    def leave(self) -> None:
        """The machines are left to the next controller: what goes on now ends nowhere."""
        self._left = True

    async def close(self) -> None:
        """Store what is not stored yet; before the database closes."""
        await self._writer.close()


def _newer(stored: StepRecord, fresh: StepRecord) -> StepRecord:
    if fresh.ended_at is None:
        return stored
    return dataclasses.replace(fresh, number=stored.number)
