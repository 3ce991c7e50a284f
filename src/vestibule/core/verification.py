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

from vestibule.core.providers import Flow, Provider


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
    def failed(self) -> tuple[TrialCheck, ...]:
        """What is not as the file says."""
        return tuple(check for check in self.checks if check.outcome is Outcome.FAILED)

    def of(self, flow: Flow) -> tuple[TrialCheck, ...]:
        """What was tried of one way to sign in, the tool's version included."""
        return tuple(check for check in self.checks if check.flow in {None, flow})

    def shortfall(self, flow: Flow) -> str | None:
        """In one sentence, what is not as the file says, or is not known of this way to sign in."""
        if not any(check.flow is flow for check in self.checks):
            return f"its sign-in by {flow} was not tried"
        short = [check for check in self.of(flow) if check.outcome is not Outcome.PASSED]
        return _sentence((*self.failed, *short)[0]) if short or self.failed else None

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


def _sentence(check: TrialCheck) -> str:
    where = f" by {check.flow}" if check.flow else ""
    return f"{check.name}{where}: {check.detail}"


def _check(raw: Mapping[str, Any]) -> TrialCheck:
    flow = raw["flow"]
    return TrialCheck(
        **{**raw, "flow": None if flow is None else Flow(flow), "outcome": Outcome(raw["outcome"])}
    )


NEVER_TRIED = "nobody has tried this file with this version of the tool"


def unverified_because(provider: Provider, digest: str, tried: Verification | None) -> str | None:
    """Why a provider file is not verified; None when its preferred flow is, and nothing of it failed.

    The file's own word comes first; ``tried`` counts as long as it is of this version and this ``digest``.
    """
    if provider.install.unverified is not None:
        return provider.install.unverified
    if tried is None or (tried.version, tried.digest) != (provider.version, digest):
        return NEVER_TRIED
    return tried.shortfall(provider.flows[0])
