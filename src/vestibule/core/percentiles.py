"""Median and tail of what was measured."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from typing import Self


@dataclasses.dataclass(frozen=True, kw_only=True)
class Percentiles:
    """In the unit of the values; ``p99`` by nearest rank: with fewer than 100 values, the largest."""

    p50: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float], digits: int = 3) -> Self:
        """Of at least one value, rounded."""
        ordered = sorted(values)
        rank = -(-len(ordered) * 99 // 100) - 1
        return cls(p50=round(statistics.median(ordered), digits), p99=round(ordered[rank], digits))
