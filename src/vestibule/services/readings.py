"""Readings: the gauges' present values, each part read at most as often as it says, however many ask.

A part that cannot be read is missing, and ``vestibule_metrics_unread`` says which: no scrape fails for it.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence

import structlog

from vestibule.core.metrics import UNREAD, Sample

log = structlog.get_logger()

READ_TIMEOUT_S = 5.0
"""Prometheus gives a scrape up after 10 s."""

Read = Callable[[], Awaitable[Sequence[Sample]]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Part:
    """Gauges that are read together."""

    name: str
    read: Read
    fresh_s: float = 1.0
    """Asked again within this time, the same values are told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kept:
    at_s: float
    samples: Sequence[Sample]


class Readings:
    """One per controller."""

    def __init__(self, parts: Sequence[Part], monotonic: Callable[[], float]) -> None:
        """``monotonic`` counts seconds, from whatever moment."""
        self._parts = parts
        self._monotonic = monotonic
        self._kept: dict[str, _Kept] = {}
        self._under_way: dict[str, asyncio.Future[Sequence[Sample]]] = {}
        self._reading = asyncio.Lock()

    async def now(self) -> Sequence[Sample]:
        """Every sample there is; those who ask at the same time share one reading."""
        async with self._reading:
            found = await asyncio.gather(*(self._fresh(part) for part in self._parts))
        return [sample for samples in found for sample in samples]

    async def _fresh(self, part: Part) -> Sequence[Sample]:
        kept, now_s = self._kept.get(part.name), self._monotonic()
        if kept is None or now_s - kept.at_s >= part.fresh_s:
            kept = _Kept(at_s=now_s, samples=await self._read(part))
            self._kept[part.name] = kept
        return kept.samples

    async def _joined(self, part: Part) -> Sequence[Sample]:
        """A reading, up to the limit; one that hangs is waited for by the next, not begun again."""
        reading = self._under_way.get(part.name)
        if reading is None:
            reading = asyncio.ensure_future(part.read())
            self._under_way[part.name] = reading
            reading.add_done_callback(lambda _: self._under_way.pop(part.name, None))
        await asyncio.wait({reading}, timeout=READ_TIMEOUT_S)
        if not reading.done():
            raise TimeoutError(f"no end within {READ_TIMEOUT_S:g} s")
        return reading.result()

    async def _read(self, part: Part) -> Sequence[Sample]:
        try:
            samples = await self._joined(part)
        except Exception as error:  # noqa: BLE001 (whatever it is: the other parts are of use all the same)
            log.warning("A part of the metrics could not be read", part=part.name, error=repr(error))
            return [Sample(metric=UNREAD, labels=(part.name,), value=1)]
        return [*samples, Sample(metric=UNREAD, labels=(part.name,), value=0)]
