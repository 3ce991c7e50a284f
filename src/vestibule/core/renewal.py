"""One renewal: the steps from today's inputs to a promoted golden, as far as they have come."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Mapping

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
    left_s: float | None = None
    """How long all goes on from this step's beginning, by the last times; None when no new guess is made."""
    products: tuple[str, ...] = ()
    """What is being made; the step writes to the newest of their logs.  Empty when it writes to none."""


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
    agent_build: str | None = None
    """Of the golden, once it is built."""
    expected_end_at: dt.datetime | None = None
    """By the last times on this host; None when something of it was never done here."""
    products: tuple[str, ...] = ()
    """What is being made, or was made last: whose logs tell of it."""

    def told(self, news: StepNews, at: dt.datetime) -> Renewal:
        """After this news."""
        if news.seconds is None:
            step = Step(phase=news.phase, name=news.step, began_at=at, estimate_s=news.estimate_s)
            return dataclasses.replace(
                self,
                steps=(*self.steps, step),
                to_come=news.to_come,
                expected_end_at=_later(at, news.left_s) or self.expected_end_at,
                products=news.products or self.products,
            )
        steps = tuple(_ended(step, news) for step in self.steps)
        return dataclasses.replace(self, steps=steps, to_come=news.to_come)

    def ended(self, outcome: Outcome, at: dt.datetime, failure: Failure | None = None) -> Renewal:
        """After its end."""
        return dataclasses.replace(
            self, outcome=outcome, ended_at=at, failure=failure, to_come=0, expected_end_at=None
        )

    @property
    def line(self) -> str:
        """Where it is, as a sentence for whoever is refused meanwhile."""
        if self.outcome is not None:
            why = f": {self.failure.cause.rstrip('.')}" if self.failure else ""
            return f"The last renewal, of {self.golden_id}, ended as {self.outcome}{why}."
        now = f", step “{self.steps[-1].name}”" if self.steps else ""
        return f"Golden {self.golden_id} is being made{now}; try again in a minute."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """How long each phase of a renewal takes as a whole, by the last times on this host."""

    phases: Mapping[Phase, float | None]
    """Seconds; None for what was never done here, 0 for what is not named."""

    def whole(self, news: StepNews) -> StepNews:
        """The news with the phases that come after its own added to what is left."""
        order = tuple(Phase)
        later = [self.phases.get(phase, 0.0) for phase in order[order.index(news.phase) + 1 :]]
        return dataclasses.replace(news, left_s=total_s([news.left_s, *later]))


def total_s(parts: Iterable[float | None]) -> float | None:
    """The sum of seconds; None when one of them is not known."""
    found = list(parts)
    known = [seconds for seconds in found if seconds is not None]
    return sum(known) if len(known) == len(found) else None


def _later(at: dt.datetime, seconds: float | None) -> dt.datetime | None:
    return None if seconds is None else at + dt.timedelta(seconds=seconds)


def _ended(step: Step, news: StepNews) -> Step:
    same = (step.phase, step.name) == (news.phase, news.step) and step.seconds is None
    return dataclasses.replace(step, seconds=news.seconds, trouble=news.trouble) if same else step
