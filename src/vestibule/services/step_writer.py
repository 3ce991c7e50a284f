"""Stores steps behind what they tell of: a store that is slow or full slows and fails no sign-in.

::

    put() ─▶ unstored, in order of their start ─▶ one task, while something is left ─▶ rows, in batches
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
from collections.abc import Sequence

import structlog

from vestibule.core.steps import StepRecord
from vestibule.services.repositories import Steps

log = structlog.get_logger()

GATHER_S = 0.05
"""Steps come in bursts; so long the first of one waits for the others."""
BATCH = 200
MOST = 2000
"""Unstored at a time: beyond that the oldest are given up."""
AGAIN_S = 5.0
CLOSE_S = 2.0


@dataclasses.dataclass(kw_only=True, eq=False)
class OpenStep:
    """A step as it is now; replaced when it ends, and when its number is known."""

    record: StepRecord


class StepWriter:
    """One per timeline."""

    def __init__(self, rows: Steps) -> None:
        self._rows = rows
        self._unstored: dict[OpenStep, None] = {}
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._closed = False

    def put(self, step: OpenStep) -> None:
        """Have it stored as it is; returns at once.  Once closed, nothing is taken: the database closes."""
        if self._closed:
            return
        self._unstored[step] = None
        if len(self._unstored) > MOST:
            del self._unstored[next(iter(self._unstored))]
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all(), name="timeline")

    def unstored(self, subject: str) -> Sequence[StepRecord]:
        """What the store does not know yet of this subject."""
        return [step.record for step in self._unstored if step.record.subject_id == subject]

    async def close(self) -> None:
        """Store what there is, if that can be done in CLOSE_S; nothing is written afterwards."""
        if self._task is None:
            self._closed = True
            return
        self._hurry.set()
        await asyncio.wait({self._task}, timeout=CLOSE_S)
        self._closed = True
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write_all(self) -> None:
        while self._unstored:
            await self._wait(AGAIN_S if self._failing else GATHER_S)
            await self._write_some()
            if self._failing and self._hurry.is_set():
                return  # the controller stops, and has no time for another try

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _write_some(self) -> None:
        batch = [(step, step.record) for step in itertools.islice(self._unstored, BATCH)]
        try:
            numbers = await self._rows.store([record for _, record in batch])
        except Exception:
            if not self._failing:
                log.exception("Steps cannot be stored; sign-ins go on, and this is not said again")
            self._failing = True
            return
        self._failing = False
        for (step, record), number in zip(batch, numbers, strict=True):
            if step.record is record:  # else it has ended meanwhile, and is stored once more
                self._unstored.pop(step, None)
            step.record = dataclasses.replace(step.record, number=number)
