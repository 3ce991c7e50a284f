"""What a scraper reads: series by name and labels."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

Series = Mapping[tuple[str, tuple[str, ...]], float]
"""Name and label values, sorted by the labels' names → value."""


def read(text: str) -> Series:
    """Parsed by Prometheus' own library, which refuses what a server would refuse."""
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
