"""A small run of the relay's bench: every contender carries every stream, and the figures are of them."""

from __future__ import annotations

import sys

import pytest

from vestibule.benches.relay.measure import held_back_by, measure_relays
from vestibule.benches.relay.trial import Pace
from vestibule.core.errors import HostUnfit

SMALL = Pace(warm_up_fences=3, fences=10, warm_up_s=0.05, seconds=0.3)


def test_every_contender_carries_every_number_of_streams() -> None:
    notes: list[str] = []
    result = measure_relays([1, 3], 1, SMALL, notes.append)
    assert {(row.relay, row.streams) for row in result.rows} == {
        (name, streams) for name in ("vestibule", "websockify", "copy") for streams in (1, 3)
    }
    for row in result.rows:
        assert row.mb_per_s.median > 0
        assert 0 < row.rtt_ms.p50 <= row.rtt_ms.p99
        assert 0 < row.proportional_mb.median <= row.resident_mb.median
    assert [one.streams for one in result.against_websockify] == [1, 3]
    assert len(notes) == 6


def test_without_websockify_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostUnfit) as refused:
        measure_relays([1], 1, SMALL, print)
    assert "requirements/bench.txt" in refused.value.remedy


@pytest.mark.parametrize(
    ("relay", "viewers", "desktops", "others", "expected"),
    [
        (0.5, 0.95, 0.3, 0.0, "viewers"),
        (0.5, 0.3, 0.95, 0.0, "desktops"),
        (1.2, 0.3, 0.4, 0.0, "processors"),
        (0.5, 0.1, 0.2, 1.1, "processors"),
        (0.99, 0.3, 0.4, 0.0, "relay"),
    ],
)
def test_what_held_the_throughput_back_is_who_is_full(
    relay: float, viewers: float, desktops: float, others: float, expected: str
) -> None:
    busy = {"relay": relay, "viewers": viewers, "desktops": desktops, "others": others}
    assert held_back_by(busy, processors=2) == expected
