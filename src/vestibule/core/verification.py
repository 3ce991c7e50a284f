"""Verifications: what of a provider file was tried with the real tool, in a clone, and what came of it.

A verification is of one file and one version: it holds as long as both are what they were.  Nobody has to
remember to try a file again that was changed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping
from typing import Any

from vestibule.core.providers import Flow


class Outcome(enum.StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    """The tool was run, and could not reach its provider: nothing is known of what comes after."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrialCheck:
    """One thing that the tool was seen to do; ``flow`` is None for what has nothing to do with one."""

    name: str
    flow: Flow | None
    outcome: Outcome
    detail: str
    seconds: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verification:
    """The whole trial of one provider file."""

    provider: str
    version: str
    digest: str
    """SHA-256 of the provider file, hex."""
    at: dt.datetime
    checks: tuple[TrialCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether everything that was tried is as the file says."""
        return bool(self.checks) and all(check.outcome is Outcome.PASSED for check in self.checks)

    @property
    def shortfall(self) -> str | None:
        """In one sentence, what is not as the file says, or is not known."""
        short = [check for check in self.checks if check.outcome is not Outcome.PASSED]
        if not self.checks:
            return "nothing of it was tried"
        if not short:
            return None
        worst = min(short, key=lambda check: check.outcome is not Outcome.FAILED)
        where = f" by {worst.flow}" if worst.flow else ""
        return f"{worst.name}{where}: {worst.detail}"

    def to_mapping(self) -> dict[str, Any]:
        """As a JSON value."""
        return {**dataclasses.asdict(self), "at": self.at.isoformat(timespec="seconds")}

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Verification:
        """Read a JSON value.  Raises KeyError, TypeError or ValueError when it is none."""
        return cls(
            **{
                **raw,
                "at": dt.datetime.fromisoformat(raw["at"]),
                "checks": tuple(_check(check) for check in raw["checks"]),
            }
        )


def _check(raw: Mapping[str, Any]) -> TrialCheck:
    flow = raw["flow"]
    return TrialCheck(
        **{**raw, "flow": None if flow is None else Flow(flow), "outcome": Outcome(raw["outcome"])}
    )


NEVER_TRIED = "nobody has tried this file with this version of the tool"


def unverified_because(
    verification: Verification | None, *, version: str, digest: str, declared: str | None
) -> str | None:
    """Why a provider file is not verified; None when it is.  ``declared``: what the file itself says."""
    if declared is not None:
        return declared
    if verification is None or (verification.version, verification.digest) != (version, digest):
        return NEVER_TRIED
    return verification.shortfall
