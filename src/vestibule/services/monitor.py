"""Monitoring: what the routes for machines that watch, and for the health page, work with."""

from __future__ import annotations

import dataclasses
import hmac
from collections.abc import Callable, Sequence
from typing import Protocol

from vestibule.core.host_facts import HostFacts
from vestibule.core.metrics import Sample
from vestibule.services.failures import Failures
from vestibule.services.host_history import HostHistory
from vestibule.services.meter import Meter
from vestibule.services.readings import Readings
from vestibule.services.ready_checks import ReadyChecks
from vestibule.services.start_times import StartReports


class Ledger(Meter, Protocol):
    """A meter that can be read."""

    def text(self, samples: Sequence[Sample]) -> bytes:
        """All that was counted, and the gauges' ``samples``, as Prometheus scrapes it."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Monitor:
    """One per controller."""

    ledger: Ledger
    readings: Readings
    ready: ReadyChecks
    failures: Failures
    starts: StartReports
    history: HostHistory
    host_facts: Callable[[], HostFacts]
    """Reads files.  Raises HostUnfit."""
    scrape_secret: bytes | None = dataclasses.field(repr=False)
    """Opens the metrics and nothing else; None: only the operator's tokens do."""

    async def exposition(self) -> bytes:
        """The metrics of this moment."""
        return self.ledger.text(await self.readings.now())

    def is_scraper(self, bearer: str | None) -> bool:
        """Whether this token is the one for scrapers."""
        if bearer is None or self.scrape_secret is None:
            return False
        return hmac.compare_digest(bearer.encode(), self.scrape_secret)
