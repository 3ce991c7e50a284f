"""Shapes of readiness, of the host's facts, and of failures over time."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Model


class ReadyCheck(Model):
    """One thing that sign-ins need, as anybody may know it."""

    name: str = Field(description="database, broker, golden, vault or disk.")
    ok: bool
    code: str | None = Field(description="Failure code; null when it passed.")
    remedy: str | None = Field(description="The next step; null when it passed.")


class Ready(Model):
    """GET /readyz: 200 when every check passed, else 503."""

    ready: bool
    failed: list[str] = Field(description="Names of the checks that failed.")
    checks: list[ReadyCheck]


class ExplainedCheck(ReadyCheck):
    """As people who have signed in see it."""

    cause: str | None


class HostStall(Model):
    """Share of time in which work waited for a resource (Linux PSI), in percent."""

    resource: str = Field(description="cpu, memory or io.")
    some_10s: float = Field(description="Some of the work waited, over the last 10 s.")
    some_60s: float
    full_10s: float = Field(description="All of it waited.")
    full_60s: float


class HostDisk(Model):
    """The disk below one of the controller's folders."""

    folder: str = Field(description="state, run or cache.")
    free_bytes: int
    total_bytes: int


class HostHealth(Model):
    """GET /api/health/host."""

    ready: bool
    checks: list[ExplainedCheck]
    mem_total_bytes: int
    mem_available_bytes: int
    load: float = Field(description="Processes that run or wait, averaged over a minute.")
    cpus: int
    stalls: list[HostStall] = Field(description="Empty where the kernel does not count them.")
    disks: list[HostDisk]


class SignInScore(Model):
    """What sign-ins came to.  Those that were cancelled count in no rate."""

    completed: int
    failed: int = Field(description="Failed or timed out.")
    cancelled: int
    success_rate: float | None = Field(
        description="completed / (completed + failed); null when none was tried."
    )


class CountOfGolden(Model):
    """How many of something one golden has."""

    golden_id: str | None = Field(description="null: before a machine was there.")
    count: int


class CountOfCode(Model):
    """How many failures have one reason."""

    code: str
    count: int


class FailureExample(Model):
    """A failed sign-in of the caller."""

    session_id: str
    provider: str
    golden_id: str | None
    cause: str
    at: dt.datetime


class FailureReason(Model):
    """Everything that failed for one reason."""

    code: str
    count: int
    newest_hour: dt.datetime = Field(description="The hour in which the newest one ended.")
    goldens: list[CountOfGolden] = Field(description="Most first.")
    over_time: list[int] = Field(description="Count in each bar.")
    examples: list[FailureExample] = Field(description="The caller's own, newest first, three at most.")


class GoldenScore(Model):
    """What came of one golden's sign-ins."""

    golden_id: str | None = Field(description="null: of those that ended before a machine was there.")
    score: SignInScore
    codes: list[CountOfCode] = Field(description="Most first.")


class FailureBar(Model):
    """One piece of the time that is looked at."""

    since: dt.datetime
    score: SignInScore


class Failures(Model):
    """GET /api/health/failures: sign-ins that ended, by reason and golden over time."""

    days: int
    since: dt.datetime
    until: dt.datetime
    bar_s: int = Field(description="Seconds of one bar.")
    of_everybody: bool = Field(
        description="Counts of all users (the operator's view), or the caller's alone."
    )
    score: SignInScore
    reasons: list[FailureReason] = Field(description="Most first.")
    goldens: list[GoldenScore] = Field(description="The one that was used last comes first.")
    bars: list[FailureBar] = Field(description="Oldest first, without a gap.")
