"""One renewal: the steps from today's inputs to a promoted golden, as far as they have come."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum

from vestibule.core.ids import GoldenId
from vestibule.core.sessions import Failure


class Phase(enum.StrEnum):
    """What a step belongs to, in order."""

    BUILD = "build"
    SNAPSHOT = "snapshot"
    CANARY = "canary"
    PROMOTION = "promotion"


class Outcome(enum.StrEnum):
    """How a renewal ended."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepNews:
    """A step has begun (``seconds`` is None) or ended."""

    phase: Phase
    step: str
    seconds: float | None = None
    to_come: int = 0
    """How many steps of this phase are still to begin, as far as is known."""
    estimate_s: float | None = None
    """How long it took the last time on this host."""
    trouble: str | None = None
    """What was wrong, of a step that has ended and others go on after."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Step:
    """One step that has begun; ``seconds`` once it has ended."""

    phase: Phase
    name: str
    began_at: dt.datetime
    estimate_s: float | None
    seconds: float | None = None
    trouble: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Renewal:
    """As far as it has come."""

    golden_id: GoldenId
    why: str
    began_at: dt.datetime
    ended_at: dt.datetime | None = None
    steps: tuple[Step, ...] = ()
    to_come: int = 0
    outcome: Outcome | None = None
    failure: Failure | None = None

    def told(self, news: StepNews, at: dt.datetime) -> Renewal:
        """After this news."""
        if news.seconds is None:
            step = Step(phase=news.phase, name=news.step, began_at=at, estimate_s=news.estimate_s)
            return dataclasses.replace(self, steps=(*self.steps, step), to_come=news.to_come)
        steps = tuple(_ended(step, news) for step in self.steps)
        return dataclasses.replace(self, steps=steps, to_come=news.to_come)

    def ended(self, outcome: Outcome, at: dt.datetime, failure: Failure | None = None) -> Renewal:
        """After its end."""
        return dataclasses.replace(self, outcome=outcome, ended_at=at, failure=failure, to_come=0)

    @property
    def line(self) -> str:
        """Where it is, as a sentence for whoever is refused meanwhile."""
        if self.outcome is not None:
            why = f": {self.failure.cause.rstrip('.')}" if self.failure else ""
            return f"The last renewal, of {self.golden_id}, ended as {self.outcome}{why}."
        now = f", step “{self.steps[-1].name}”" if self.steps else ""
        return f"Golden {self.golden_id} is being made{now}; try again in a minute."


def _ended(step: Step, news: StepNews) -> Step:
    same = (step.phase, step.name) == (news.phase, news.step) and step.seconds is None
    return dataclasses.replace(step, seconds=news.seconds, trouble=news.trouble) if same else step
