"""What several rounds came to."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from typing import Self


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spread:
    """Of what was measured in each round, in its unit."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float], digits: int) -> Self:
        """Of at least one value, rounded."""
        return cls(
            median=round(statistics.median(values), digits),
            least=round(min(values), digits),
            most=round(max(values), digits),
        )
