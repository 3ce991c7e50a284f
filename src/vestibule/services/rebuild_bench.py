"""Measures what a change costs until people have it: an edit of the agent, another base, canary included.

Each change is made to a copy of the inputs, renewed as a controller would, and removed again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from vestibule.core.machines import DriverName
from vestibule.core.renewal import Phase, Renewal, Step
from vestibule.services.renewals import require_promoted

AGENT, BASE = "agent", "base"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepTime:
    """One step and its share of the whole."""

    step: str
    seconds: float
    share: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class RebuildResult:
    """What ``vestibule bench rebuild -o json`` prints."""

    agent_edit_s: Mapping[str, float]
    """Driver → seconds from the edit of the agent to the promoted golden."""
    base_change_s: float | None
    """The same for another base layer, for all the drivers together; None when it was not measured."""
    steps: Mapping[str, Sequence[StepTime]]
    """Change ("agent_edit container", "base_change") → where the time went."""


class Rebuilds(Protocol):
    """A copy of this installation's inputs, and what makes goldens of it."""

    async def renew(self, drivers: Sequence[DriverName]) -> Renewal:
        """Read the inputs, build, try and promote."""
        ...

    def edit(self, what: str) -> None:
        """Change one input of AGENT or BASE, differently each time."""
        ...

    async def discard(self) -> None:
        """Remove what was made since the last ``edit``, and take the edit back."""
        ...


class RebuildBench:
    """One bench; nothing else may run on the host meanwhile, or the numbers mean little."""

    def __init__(self, *, rebuilds: Rebuilds, note: Callable[[str], None]) -> None:
        self._rebuilds = rebuilds
        self._note = note
        self._steps: dict[str, Sequence[StepTime]] = {}

    async def run(self, drivers: Sequence[DriverName], *, base: bool) -> RebuildResult:
        """Measure an edit of the agent for each driver; with ``base`` another base layer too."""
        self._note("making the golden of today's inputs, which is not measured")
        require_promoted(await self._rebuilds.renew(drivers))
        edits = {
            driver.value: await self._measured(f"agent_edit {driver}", AGENT, [driver]) for driver in drivers
        }
        base_s = await self._measured("base_change", BASE, drivers) if base else None
        return RebuildResult(agent_edit_s=edits, base_change_s=base_s, steps=dict(self._steps))

    async def _measured(self, name: str, what: str, drivers: Sequence[DriverName]) -> float:
        self._rebuilds.edit(what)
        try:
            renewal = await self._rebuilds.renew(drivers)
            require_promoted(renewal)
        finally:
            await self._rebuilds.discard()
        seconds = (_end(renewal) - renewal.began_at).total_seconds()
        self._steps[name] = step_times(renewal)
        self._note(f"{name}: {seconds:.1f} s")
        return round(seconds, 3)


def step_times(renewal: Renewal) -> Sequence[StepTime]:
    """Where a renewal's time went; a canary's checks overlap, so they count as one step a driver."""
    whole = (_end(renewal) - renewal.began_at).total_seconds() or 1.0
    spans: dict[str, tuple[dt.datetime, dt.datetime]] = {}
    for step in renewal.steps:
        name, begin, end = _name(step), step.began_at, _ended(step)
        first, last = spans.get(name, (begin, end))
        spans[name] = min(first, begin), max(last, end)
    seconds = {name: (end - begin).total_seconds() for name, (begin, end) in spans.items()}
    return [
        StepTime(step=name, seconds=round(took, 3), share=round(took / whole, 3))
        for name, took in seconds.items()
    ]


def _name(step: Step) -> str:
    return f"canary {step.name.partition(':')[0]}" if step.phase is Phase.CANARY else step.name


def _ended(step: Step) -> dt.datetime:
    return step.began_at + dt.timedelta(seconds=step.seconds or 0.0)


def _end(renewal: Renewal) -> dt.datetime:
    return renewal.ended_at or renewal.began_at
