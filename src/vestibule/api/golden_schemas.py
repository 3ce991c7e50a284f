"""The shapes of goldens in the HTTP API."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from vestibule.api.schemas import Failure, Model, Problem
from vestibule.core.machines import DriverName
from vestibule.core.promotion import GoldenStatus, StalePolicy
from vestibule.core.renewal import Outcome, Phase


class CanaryCheck(Model):
    """One thing that was looked at in a running clone."""

    name: str
    ok: bool
    detail: str
    seconds: float


class CanaryReport(Model):
    """The trial of one golden with one driver; kept when the golden is gone."""

    golden_id: str
    driver: DriverName
    passed: bool
    verdict: str
    at: dt.datetime
    seconds: float
    clones: int
    checks: list[CanaryCheck]
    screenshot: str | None = Field(description="Path of a PNG of a clone's desktop.")
    evidence: str = Field(
        description="Folder on the controller's host: report, screenshot, every machine's console."
    )


class GoldenMove(Model):
    """A golden came into a state."""

    golden_id: str
    to: GoldenStatus
    at: dt.datetime
    why: str


class InputChange(Model):
    """An input that differs between two goldens; null where it is absent."""

    layer: str
    input: str
    before: str | None
    after: str | None


class Golden(Model):
    """A golden on this host."""

    golden_id: str
    status: GoldenStatus
    since: dt.datetime | None = Field(description="Since when it is in this state; null for a candidate.")
    why: str | None
    failing: str | None = Field(
        description="What its machines failed by, and why it is promoted all the same; null: they do not."
    )
    wanted: bool = Field(description="Whether today's inputs make this very golden; false means stale.")
    agent_build: str
    contract: int = Field(description="Version of its agent's protocol.")
    tools: dict[str, str]
    layers: list[str]
    built_at: dt.datetime
    build_s: float
    canaries: list[CanaryReport]
    untested: str | None = Field(
        description="Why it is promoted as untested only; null when every driver's canary passed."
    )


class GoldenDetail(Model):
    """GET /api/goldens/{golden_id}."""

    golden: Golden
    moves: list[GoldenMove]
    compared_with: str | None = Field(description="The golden built before it; null when it is the first.")
    changes: list[InputChange] = Field(description="What made it another golden than that one.")
    digests: dict[str, str]


class RenewalStep(Model):
    """A step of a renewal that has begun; ``seconds`` once it has ended."""

    phase: Phase
    name: str
    began_at: dt.datetime
    seconds: float | None
    estimate_s: float | None
    trouble: str | None


class Renewal(Model):
    """From today's inputs to a promoted golden, as far as it has come."""

    golden_id: str
    why: str
    began_at: dt.datetime
    ended_at: dt.datetime | None
    outcome: Outcome | None = Field(description="Null while it is under way.")
    failure: Failure | None
    steps: list[RenewalStep]
    to_come: int = Field(description="Steps of the present phase that have not begun.")
    expected_end_at: dt.datetime | None = Field(
        description="By the last times on this host; null when something of it was never done here."
    )
    log: list[str] = Field(description="The last lines of the log of what is made in it, or was made last.")


class PlannedProduct(Model):
    """A layer, the golden itself or a snapshot of it, and whether it is there."""

    kind: str
    name: str | None = Field(description="Null while the disk that names a snapshot is not made.")
    done: bool
    needed: bool = Field(description="Whether a renewal makes it where it is not there.")
    last_build_s: float | None


class MachineShape(Model):
    """What a memory snapshot is named by, besides its disks."""

    vmm: str = Field(description="SHA-256 of QEMU's binary.")
    machine: str
    cpu: str
    accelerator: str
    mem_mib: int
    vcpus: int


class Scrub(Model):
    """One reading of every byte of a golden."""

    golden_id: str
    at: dt.datetime
    damages: int = Field(description="Files that are not what was built; 0 of a sound golden.")


class Goldens(Model):
    """GET /api/goldens/state, and every event of GET /api/goldens/events."""

    promoted: str | None = Field(description="What machines are started from.")
    wanted: str = Field(description="What today's inputs make.")
    stale: bool = Field(description="Whether the promoted golden is another than the wanted one.")
    policy: StalePolicy
    refusal: Problem | None = Field(description="Why no machine can be started now; null when one can.")
    trouble: str | None = Field(description="Why today's inputs cannot be read; null when they can.")
    scrub: Scrub | None = Field(description="The newest; null before the controller's first.")
    roll_back_to: str | None
    plan: list[PlannedProduct]
    shape: MachineShape | None = Field(description="Of snapshots that are made now; null without QEMU.")
    changes: list[InputChange] = Field(description="Inputs that have changed since the promoted golden.")
    renewal: Renewal | None
    goldens: list[Golden]


class Promote(Model):
    """POST /api/goldens/{golden_id}/promote."""

    untested: bool = Field(default=False, description="Even though no canary passed.")


class RollBack(Model):
    """POST /api/goldens/rollback."""

    why: str = Field(default="the operator rolled back", min_length=1, max_length=500)
