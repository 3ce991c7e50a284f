"""A canary: what was tried of a candidate golden before anyone may use it, and what came of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName


@dataclasses.dataclass(frozen=True, kw_only=True)
class CanaryCheck:
    """One thing that was looked at in a running clone."""

    name: str
    ok: bool
    detail: str
    seconds: float
    late: bool = False
    """Whether it was given up because it took too long: the host may be at fault."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CanaryReport:
    """The whole trial of one golden with one driver."""

    golden_id: GoldenId
    driver: DriverName
    subject: str
    """What machines were started from: the snapshot's name, or the golden's where there is none."""
    clones: int
    checks: tuple[CanaryCheck, ...]
    at: dt.datetime
    seconds: float

    @property
    def failed(self) -> tuple[CanaryCheck, ...]:
        """What was not as it must be."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def passed(self) -> bool:
        """Whether the golden may be promoted for this driver."""
        return bool(self.checks) and not self.failed

    @property
    def conclusive(self) -> bool:
        """Whether it says something about the golden: not all that failed was given up for its slowness."""
        return not self.failed or any(not check.late for check in self.failed)

    @property
    def result(self) -> str:
        """In one word: ``passed``, ``failed``, or ``late``, which says nothing of the golden."""
        if self.passed:
            return "passed"
        return "failed" if self.conclusive else "late"

    @property
    def verdict(self) -> str:
        """In one sentence."""
        if self.passed:
            return f"{len(self.checks)} checks of {self.clones} clones passed with {self.driver}"
        first = self.failed[0] if self.failed else None
        named = f"{first.name}: {first.detail}" if first else "nothing was checked"
        return f"{len(self.failed)} of {len(self.checks)} checks failed with {self.driver}; {named}"

    def to_mapping(self) -> dict[str, Any]:
        """As a JSON value."""
        return {**dataclasses.asdict(self), "at": self.at.isoformat()}

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> CanaryReport:
        """Read a JSON value.  Raises KeyError, TypeError or ValueError when it is no report."""
        return cls(
            **{
                **raw,
                "golden_id": GoldenId(raw["golden_id"]),
                "driver": DriverName(raw["driver"]),
                "checks": tuple(CanaryCheck(**check) for check in raw["checks"]),
                "at": dt.datetime.fromisoformat(raw["at"]),
            }
        )
