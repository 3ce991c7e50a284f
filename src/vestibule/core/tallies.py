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
class Tally:
    """Rows that are alike in every facet."""

    values: Mapping[str, str | None]
    """Facet → what they have there."""
    count: int


def total_of(tallies: Sequence[Tally], chosen: Mapping[str, Sequence[str]]) -> int:
    """Rows that fit every choice; an empty one is none."""
    return sum(tally.count for tally in tallies if _fits(tally, chosen))


def choices_of(tallies: Sequence[Tally], facet: str, chosen: Mapping[str, Sequence[str]]) -> Sequence[Choice]:
    """What ``facet`` would leave, given every choice but its own: the most frequent first."""
    others = {name: values for name, values in chosen.items() if name != facet}
    counts: Counter[str] = Counter()
    for tally in tallies:
        value = tally.values[facet]
        if value is not None and _fits(tally, others):
            counts[value] += tally.count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Choice(value=value, count=count) for value, count in ordered[:MOST_CHOICES]]


def _fits(tally: Tally, chosen: Mapping[str, Sequence[str]]) -> bool:
    return all(tally.values[name] in values for name, values in chosen.items() if values)
