"""What counts as left behind, what as a failure, and what the command does about it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from vestibule.cli.soak import _require_clean
from vestibule.core.errors import MachineFailed
from vestibule.core.percentiles import Percentiles
from vestibule.core.soak import (
    MOST_GROWTH_MB,
    Ending,
    Figures,
    Leaked,
    SoakResult,
    Stock,
    compare,
    count_failures,
    median_of,
)
from vestibule.drivers.stock import take_stock

BEFORE = Stock(
    processes={(7, 100): "vestibule", (8, 101): "broker"},
    namespaces=frozenset({41}),
    files=frozenset({"run/broker.sock"}),
    fds={"vestibule (7)": {"socket": 4, "/state/vestibule.db": 5}, "broker (8)": {"socket": 2}},
    rss_mb={"vestibule (7)": 100.0, "broker (8)": 20.0},
)
NONE = Leaked(processes=0, namespaces=0, files=0, fds=0)


def test_what_is_as_before_is_clean() -> None:
    found = compare(BEFORE, BEFORE)
    assert (found.leaked, found.names, found.rss_growth_mb) == (NONE, (), 0)


def test_what_is_less_is_clean() -> None:
    less = dataclasses.replace(BEFORE, files=frozenset(), fds={"vestibule (7)": {"socket": 1}})
    assert compare(BEFORE, less).names == ()


def test_everything_that_is_new_is_named() -> None:
    after = dataclasses.replace(
        BEFORE,
        processes={**BEFORE.processes, (9, 200): "chromium"},
        namespaces=frozenset({41, 42}),
        files=frozenset({"run/broker.sock", "tmp/left"}),
        fds={**BEFORE.fds, "broker (8)": {"socket": 2, "pipe": 3}},
        rss_mb={**BEFORE.rss_mb, "vestibule (7)": 150.5, "chromium (9)": 300.0},
    )
    found = compare(BEFORE, after)
    assert found.leaked == Leaked(processes=1, namespaces=1, files=1, fds=3)
    assert found.names == (
        "process 9 chromium",
        "network namespace 42",
        "file tmp/left",
        "descriptor of broker (8): pipe, 3 more",
    )
    assert found.rss_growth_mb == 50.5


def test_a_pid_that_another_process_has_got_is_a_new_process() -> None:
    after = dataclasses.replace(BEFORE, processes={**BEFORE.processes, (8, 999): "other"})
    assert compare(BEFORE, after).leaked.processes == 1


def test_failures_are_counted_by_code_with_the_first_cause() -> None:
    endings = [
        Ending(completed_s=3.0),
        Ending(code="login_timeout", cause="first"),
        Ending(code="login_timeout", cause="second"),
        Ending(),
    ]
    counts, causes = count_failures(endings)
    assert counts == {"login_timeout": 2, "unknown": 1}
    assert causes["login_timeout"] == "first"


def test_a_median_is_of_what_there_is() -> None:
    assert median_of([None, 2.0, 4.0]) == Percentiles(p50=3.0, p99=4.0)
    assert median_of([None]) is None


def _result(**changes: object) -> SoakResult:
    clean = SoakResult(
        sessions=1, completed=1, failed=0, leaked=NONE, rss_growth_mb=0, failures={}, causes={},
        left_behind=(), ready_s=None, completed_s=None, before=Figures.of(BEFORE), after=Figures.of(BEFORE),
        driver="container", at_once=1, seconds=1,
    )  # fmt: skip
    return dataclasses.replace(clean, **changes)  # type: ignore[arg-type]  # of the fields' types


def test_a_clean_soak_is_no_failure(tmp_path: Path) -> None:
    _require_clean(_result(), tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"failures": {"agent_unreachable": 2}}, "agent_unreachable (2 times)"),
        ({"left_behind": ("file tmp/left",)}, "file tmp/left"),
        ({"rss_growth_mb": MOST_GROWTH_MB + 1}, "memory grew by 33 MB"),
    ],
)
def test_whatever_was_wrong_is_told_with_where_to_look(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(MachineFailed, match="not clean") as raised:
        _require_clean(_result(**changes), tmp_path)
    assert told in raised.value.cause
    assert str(tmp_path) in raised.value.remedy


def test_a_stock_has_files_but_those_that_are_spared(tmp_path: Path) -> None:
    for name in ("kept", "state/evidence/vm-1", "state/vestibule.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    stock = take_stock(0, {"all": tmp_path}, [tmp_path / "state/evidence"])
    assert stock.files == {"all/kept", "all/state", "all/state/vestibule.db"}
