"""The janitor: what nobody will ask for any more goes, a little at a time.

::

    evidence of ended machines ── older than keep_days, or beyond the quota (oldest first) ─▶ removed
    ended sessions and machines ── older than bulk_keep_days ─▶ the row stays; evidence, notices, steps,
                                                                 sign-in addresses and codes, and
                                                                 page titles go

Never anything of a machine that lives.  Rows go in small batches, each a transaction of its own, with a pause
between two: whoever signs in meanwhile waits for none of them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Protocol

import structlog

from vestibule.core.ids import VmId
from vestibule.core.metrics import (
    EVIDENCE_BYTES,
    EVIDENCE_MACHINES,
    EVIDENCE_QUOTA,
    JANITOR_FREED,
    JANITOR_REMOVED,
    Sample,
)
from vestibule.services.meter import Meter
from vestibule.services.ports import Clock
from vestibule.services.repositories import Machines

log = structlog.get_logger()

EVERY_S = 60.0
BATCH = 100
"""Rows of one transaction."""
PAUSE_S = 0.05
"""Between two of them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept:
    """What an evidence folder holds, or what went from it."""

    machines: int = 0
    size_bytes: int = 0


class EvidenceShelf(Protocol):
    """Where the evidence of ended machines lies, a folder for each."""

    async def kept(self) -> Kept:
        """All of it."""
        ...

    async def prune(self, *, quota_bytes: int, before: dt.datetime, live: Collection[VmId]) -> Kept:
        """Remove what was last written before, then the oldest until the rest fits; nothing of ``live``.

        Returns what was removed.
        """
        ...


class Bulk(Protocol):
    """The large part of old rows."""

    async def expire_sessions(self, *, before: dt.datetime, at: dt.datetime, most: int) -> int:
        """Of up to ``most`` sessions that ended before; how many.  Not the same twice."""
        ...

    async def expire_machines(self, *, before: dt.datetime, at: dt.datetime, most: int) -> int:
        """The same of machines."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeepingRule:
    """How much is kept, and for how long."""

    evidence_bytes: int
    evidence: dt.timedelta
    bulk: dt.timedelta


class Janitor:
    """One per controller: a task, and gauges of what there is."""

    def __init__(
        self,
        *,
        shelf: EvidenceShelf,
        bulk: Bulk,
        machines: Machines,
        rule: KeepingRule,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._shelf = shelf
        self._bulk = bulk
        self._machines = machines
        self._rule = rule
        self._clock = clock
        self._meter = meter

    async def run(self) -> None:
        """Until cancelled: look every minute."""
        while True:
            try:
                await self.look()
            except Exception:  # a full or broken disk is no reason to stop: it is where this is needed
                log.exception("The janitor could not do its round")
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """One round."""
        try:
            await self._prune_evidence()
        finally:  # a folder that cannot be removed must not keep rows
            await self._expire_bulk()

    async def _prune_evidence(self) -> None:
        live = frozenset(row.vm_id for row in await self._machines.live())
        before = self._clock.now() - self._rule.evidence
        gone = await self._shelf.prune(quota_bytes=self._rule.evidence_bytes, before=before, live=live)
        if gone.machines:
            self._meter.count(JANITOR_REMOVED, "evidence", by=gone.machines)
            self._meter.count(JANITOR_FREED, by=gone.size_bytes)
            log.info("Old evidence removed", machines=gone.machines, bytes=gone.size_bytes)

    async def _expire_bulk(self) -> None:
        at = self._clock.now()
        before = at - self._rule.bulk
        for what, expire in (
            ("session_bulk", self._bulk.expire_sessions),
            ("machine_bulk", self._bulk.expire_machines),
        ):
            while gone := await expire(before=before, at=at, most=BATCH):
                self._meter.count(JANITOR_REMOVED, what, by=gone)
                log.info("Bulk of old rows expired", what=what, rows=gone)
                await asyncio.sleep(PAUSE_S)

    async def samples(self) -> list[Sample]:
        """What evidence there is, as metrics."""
        kept = await self._shelf.kept()
        return [
            Sample(metric=EVIDENCE_BYTES, value=kept.size_bytes),
            Sample(metric=EVIDENCE_MACHINES, value=kept.machines),
            Sample(metric=EVIDENCE_QUOTA, value=self._rule.evidence_bytes),
        ]
