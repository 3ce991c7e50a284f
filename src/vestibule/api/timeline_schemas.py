"""The timeline's shapes."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule.core.steps import StepName, StepOutcome


class TimelineStep(Model):
    """What a session or a machine went through, between two moments."""

    number: int
    name: StepName
    started_at: dt.datetime
    ended_at: dt.datetime | None = Field(description="null while it goes on.")
    duration_s: float | None = Field(description="Seconds; null while it goes on, or when it was lost.")
    outcome: StepOutcome | None
    error_code: str | None = Field(description="Of a step that failed.")


class Timeline(Model):
    """All steps, in order of their start; those before a restart of the controller too."""

    steps: list[TimelineStep]
