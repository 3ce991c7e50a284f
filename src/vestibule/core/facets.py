"""Rows of a table, counted by all of its facets at once: total and choices are sums over that.

::

    status     provider  count        one facet narrowed (status = failed):
    failed     demo          3          total                3 + 1
    failed     codex         1     ─▶   choices of provider  demo 3, codex 1
    completed  demo          9          choices of status    completed 9, failed 4   (without its own choice)
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

from vestibule.core.tables import MOST_CHOICES, Choice


@dataclasses.dataclass(frozen=True, kw_only=True)
class FacetCount:
    """Rows that are alike in every facet."""

    values: Mapping[str, str | None]
    """Facet → what they have there."""
    count: int


def total_of(counts: Sequence[FacetCount], chosen: Mapping[str, Sequence[str]]) -> int:
    """Rows that fit every choice; an empty one is none."""
    return sum(one.count for one in counts if _fits(one, chosen))


def choices_of(
    counts: Sequence[FacetCount], facet: str, chosen: Mapping[str, Sequence[str]]
) -> Sequence[Choice]:
    """What ``facet`` would leave, given every choice but its own: the most frequent first."""
    others = {name: values for name, values in chosen.items() if name != facet}
    by_value: Counter[str] = Counter()
    for one in counts:
        value = one.values[facet]
        if value is not None and _fits(one, others):
            by_value[value] += one.count
    ordered = sorted(by_value.items(), key=lambda item: (-item[1], item[0]))
    return [Choice(value=value, count=count) for value, count in ordered[:MOST_CHOICES]]


def _fits(one: FacetCount, chosen: Mapping[str, Sequence[str]]) -> bool:
    return all(one.values[name] in values for name, values in chosen.items() if values)
