"""Whether sign-ins could be started now: what they need, each tried for real, and named when it fails.

``/livez`` asks whether the process is to be restarted; this asks whether people are to be sent to it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence

import structlog

from vestibule.core import diagnosis
from vestibule.core.errors import Unavailable, VestibuleError
from vestibule.core.metrics import READY, Sample

log = structlog.get_logger()

FRESH_S = 2.0
"""Asked again within this time, the same is told: anybody may ask, and a database is written to for it."""
TIMEOUT_S = 3.0
"""Well below the time that a scrape waits for a part: a check that hangs is told, not missing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadyCheck:
    """One thing that sign-ins need; ``look`` raises VestibuleError when it is not there."""

    name: str
    look: Callable[[], Awaitable[None]]
    why_silent: Callable[[], Awaitable[VestibuleError | None]] | None = None
    """Asked while a look hangs: what it waits for, if that can be known."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What came of a check; code, cause and remedy when it failed."""

    name: str
    ok: bool
    code: str | None = None
    cause: str | None = None
    remedy: str | None = None


class ReadyChecks:
    """One per controller."""

    def __init__(
        self, checks: Sequence[ReadyCheck], monotonic: Callable[[], float], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        """``monotonic`` counts seconds, from whatever moment."""
        self._checks = checks
        self._monotonic = monotonic
        self._timeout_s = timeout_s
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._kept: tuple[float, Sequence[Finding]] | None = None
        self._looking = asyncio.Lock()

    async def findings(self) -> Sequence[Finding]:
        """All checks, in order; those who ask at the same time share one look."""
        async with self._looking:
            if self._kept is None or self._monotonic() - self._kept[0] >= FRESH_S:
                found = await asyncio.gather(*(self._look(check) for check in self._checks))
                self._tell_changes(found)
                self._kept = self._monotonic(), found  # of its end: who waited for it asks no more
            return self._kept[1]

    async def samples(self) -> Sequence[Sample]:
        """The same, as metrics."""
        return [
            Sample(metric=READY, labels=(finding.name,), value=finding.ok)
            for finding in await self.findings()
        ]

    async def _look(self, check: ReadyCheck) -> Finding:
        try:
            await self._joined(check)
        except TimeoutError:
            why = await check.why_silent() if check.why_silent is not None else None
            return _failed(check, why or _silent(check.name, self._timeout_s))
        except Exception as error:  # noqa: BLE001 (told below, once, with what it was)
            return _failed(check, error)
        return Finding(name=check.name, ok=True)

    async def _joined(self, check: ReadyCheck) -> None:
        """Wait for a look, up to the limit; one that hangs is waited for by the next, not begun again.

        A write that is under way, or a thread on a disk that hangs, cannot be broken off.
        """
        look = self._under_way.get(check.name)
        if look is None:
            look = asyncio.ensure_future(check.look())
            self._under_way[check.name] = look
            look.add_done_callback(lambda done: self._end(check.name, done))
        await asyncio.wait({look}, timeout=self._timeout_s)
        if not look.done():
            raise TimeoutError
        look.result()

    def _end(self, name: str, look: asyncio.Future[None]) -> None:
        self._under_way.pop(name, None)
        if not look.cancelled():
            look.exception()  # seen, also where everybody who waited for it has given up

    def _tell_changes(self, found: Sequence[Finding]) -> None:
        before = {finding.name: finding.ok for finding in self._kept[1]} if self._kept else {}
        for finding in found:
            if finding.ok != before.get(finding.name, True):
                told = log.info if finding.ok else log.warning
                told("Readiness changed", **dataclasses.asdict(finding))


def _silent(name: str, timeout_s: float) -> Unavailable:
    return Unavailable(
        f"The check {name} did not come to an end within {timeout_s:g} s.",
        remedy="The host, or the disk below state_dir, may be stuck; look at its load, then at the log.",
        code="check_silent",
    )


def _failed(check: ReadyCheck, error: Exception) -> Finding:
    failure = diagnosis.failure_of(error)
    return Finding(name=check.name, ok=False, code=failure.code, cause=failure.cause, remedy=failure.remedy)
