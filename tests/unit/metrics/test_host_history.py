"""The host's history: what two readings tell, a bound on what is kept, a host that cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from golden_doubles import T0, Clock
from structlog.testing import capture_logs

from vestibule.core.errors import HostUnfit
from vestibule.core.host_history import HostReading, sample
from vestibule.drivers.host_reading import read_host
from vestibule.services import host_history as module
from vestibule.services.host_history import HostHistory

pytestmark = pytest.mark.anyio

STAT = "cpu  100 10 50 800 40 0 5 5 7 0\ncpu0 50 5 25 400 20 0 2 3 3 0\n"
MEMINFO = "MemTotal:       8000 kB\nMemFree:         100 kB\nMemAvailable:   3000 kB\n"


def reading(busy: int, all_: int, available: int = 40) -> HostReading:
    return HostReading(busy_ticks=busy, all_ticks=all_, mem_total_bytes=100, mem_available_bytes=available)


def of(*readings: HostReading | Exception) -> Callable[[], HostReading]:
    left = list(readings)

    def read() -> HostReading:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return read


def history(read: Callable[[], HostReading]) -> HostHistory:
    return HostHistory(host="here", read=read, machines=lambda: 3, clock=Clock())


@pytest.mark.parametrize(
    ("before", "now", "busy"),
    [
        ((0, 0), (30, 40), 0.75),
        ((30, 40), (30, 80), 0.0),
        ((30, 40), (30, 40), 0.0),
        ((30, 40), (10, 50), 0.0),
        ((30, 40), (90, 60), 1.0),
    ],
)
def test_how_busy_the_processors_were(before: tuple[int, int], now: tuple[int, int], busy: float) -> None:
    found = sample(reading(*before), reading(*now), at=T0, machines=3)
    assert (found.cpu_busy, found.mem_used_bytes, found.machines) == (busy, 60, 3)


async def test_the_first_reading_is_what_the_second_is_compared_with() -> None:
    kept = history(of(reading(0, 0), reading(5, 10)))
    await kept.look()
    assert not kept.samples
    await kept.look()
    assert [(each.at, each.cpu_busy) for each in kept.samples] == [(T0, 0.5)]


async def test_the_oldest_samples_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    kept = history(of(*(reading(number, 10 * number) for number in range(5))))
    for _ in range(5):
        await kept.look()
    assert len(kept.samples) == 2


async def test_a_host_that_cannot_be_read_is_said_once_and_read_again() -> None:
    broken = HostUnfit("There is no /proc.", remedy="Mount it.")
    kept = history(of(reading(0, 0), broken, broken, reading(5, 10)))
    with capture_logs() as log:
        for _ in range(4):
            await kept.look()
    assert len(kept.samples) == 1
    assert len(log) == 1


def test_counters_are_read_of_all_processors(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text(STAT)
    (tmp_path / "meminfo").write_text(MEMINFO)
    found = read_host(tmp_path)
    assert (found.busy_ticks, found.all_ticks) == (170, 1010)
    assert (found.mem_total_bytes, found.mem_available_bytes) == (8000 << 10, 3000 << 10)


@pytest.mark.parametrize("stat", ["", "cpu  1 2\n", "cpu  a b c d e\n"])
def test_counters_that_are_none_are_named(tmp_path: Path, stat: str) -> None:
    (tmp_path / "stat").write_text(stat)
    (tmp_path / "meminfo").write_text(MEMINFO)
    with pytest.raises(HostUnfit, match="counters could not be read"):
        read_host(tmp_path)
