"""Total and choices are sums over rows that are alike."""

from __future__ import annotations

from vestibule.core.facets import FacetCount, choices_of, total_of
from vestibule.core.tables import MOST_CHOICES, Choice


def alike(count: int, **values: str | None) -> FacetCount:
    return FacetCount(values=values, count=count)


TALLIES = [
    alike(3, status="failed", provider="demo", code="slow"),
    alike(1, status="failed", provider="codex", code="lost"),
    alike(9, status="completed", provider="demo", code=None),
]


def test_the_total_is_of_what_fits_every_choice_and_an_empty_one_is_none() -> None:
    assert total_of(TALLIES, {}) == 13
    assert total_of(TALLIES, {"status": ["failed"], "provider": []}) == 4
    assert total_of(TALLIES, {"status": ["failed", "completed"], "provider": ["demo"]}) == 12
    assert total_of(TALLIES, {"code": ["none"]}) == 0


def test_choices_are_counted_without_their_own_and_what_has_no_value_is_none() -> None:
    chosen = {"status": ["failed"], "provider": ["demo"]}
    assert choices_of(TALLIES, "status", chosen) == [
        Choice(value="completed", count=9),
        Choice(value="failed", count=3),
    ]
    assert choices_of(TALLIES, "code", {}) == [Choice(value="slow", count=3), Choice(value="lost", count=1)]


def test_the_most_frequent_come_first_alike_ones_by_name_and_not_too_many() -> None:
    many = [alike(2 if number == 7 else 1, owner=f"u{number:03}") for number in range(MOST_CHOICES + 5)]
    values = [choice.value for choice in choices_of(many, "owner", {})]
    assert values[:3] == ["u007", "u000", "u001"]
    assert len(values) == MOST_CHOICES
