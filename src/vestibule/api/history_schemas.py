"""Shapes of what a host was busy with, and of how long machines took to start."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Model
from vestibule.core.machines import DriverName


class HostSample(Model):
    """One point of the chart."""

    at: dt.datetime
    cpu_busy: float = Field(description="Share of the time since the sample before, 0 to 1.")
    mem_used_bytes: int
    mem_total_bytes: int
    machines: int = Field(description="That ran then.")


class HostHistory(Model):
    """GET /api/health/host/history, and ``event: history`` of its events."""

    host: str
    every_s: float = Field(description="Seconds between two samples.")
    samples: list[HostSample] = Field(
        description="Oldest first, of this controller's time and at most three hours."
    )


class StartTimes(Model):
    """How long machines of one golden took with one driver."""

    golden_id: str
    driver: DriverName
    newest_at: dt.datetime
    p50_s: float
    p99_s: float
    counts: list[int] = Field(description="Machines in each bar: one more than there are bounds.")


class Starts(Model):
    """GET /api/health/starts."""

    days: int
    of_everybody: bool = Field(description="Of all users (the operator's view), or the caller's alone.")
    bounds_s: list[float] = Field(description="Upper bound of each bar but the last, which has none.")
    goldens: list[StartTimes] = Field(description="The one that was used last comes first.")
