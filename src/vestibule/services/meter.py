"""What services count with: they know metrics, not who keeps them."""

from __future__ import annotations

from typing import Protocol

from vestibule.core.metrics import Metric


class Meter(Protocol):
    """Keeps counters and histograms; never raises, never blocks."""

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """Add to a counter; ``labels`` are values in the metric's order."""
        ...

    def time(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Put a duration into a histogram."""
        ...


class SilentMeter:
    """Keeps nothing: what a canary does must not be taken for what people do."""

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """See Meter."""

    def time(self, metric: Metric, seconds: float, *labels: str) -> None:
        """See Meter."""
