"""The ledger: what is counted comes out as Prometheus reads it, and never in too many series."""

from __future__ import annotations

from exposition import read

from vestibule.core.metrics import (
    CANARIES,
    GOLDEN_AGE,
    JANITOR_FREED,
    PROCESS,
    SESSION_SECONDS,
    SESSIONS_OPEN,
    STAGE_SECONDS,
    Sample,
)
from vestibule.drivers.metrics.prometheus import MAX_SERIES, PrometheusMeter


def test_counters_histograms_and_gauges_come_out() -> None:
    ledger = PrometheusMeter()
    ledger.count(CANARIES, "qemu", "passed")
    ledger.count(CANARIES, "qemu", "passed", by=2)
    ledger.count(JANITOR_FREED, by=4096)
    ledger.time(STAGE_SECONDS, 0.3, "started", "container")
    ledger.time(STAGE_SECONDS, -1, "started", "container")  # a clock that was set back
    open_ = Sample(metric=SESSIONS_OPEN, labels=("started",), value=3)
    series = read(ledger.text([open_, Sample(metric=GOLDEN_AGE, value=60)]).decode())
    assert series["vestibule_canaries_total", ("qemu", "passed")] == 3
    assert series["vestibule_janitor_freed_bytes_total", ()] == 4096
    assert series["vestibule_session_stage_seconds_bucket", ("container", "0.25", "started")] == 1
    assert series["vestibule_session_stage_seconds_bucket", ("container", "0.5", "started")] == 2
    assert series["vestibule_session_stage_seconds_count", ("container", "started")] == 2
    assert series["vestibule_sessions_open", ("started",)] == 3
    assert series["vestibule_golden_age_seconds", ()] == 60


def test_what_an_alert_waits_for_is_there_before_it_happens() -> None:
    ledger = PrometheusMeter()
    before = read(ledger.text([]).decode())
    assert before["vestibule_session_seconds_count", ("failed",)] == 0
    assert before["vestibule_egress_verdicts_total", ("name_refused", "refused")] == 0
    ledger.time(SESSION_SECONDS, 3, "failed")
    assert read(ledger.text([]).decode())["vestibule_session_seconds_count", ("failed",)] == 1


def test_no_series_says_when_another_was_created() -> None:
    ledger = PrometheusMeter()
    ledger.count(CANARIES, "qemu", "passed")
    ledger.time(STAGE_SECONDS, 1, "started", "qemu")
    assert "_created" not in ledger.text([]).decode()


def test_the_process_of_the_controller_is_measured() -> None:
    series = read(PrometheusMeter().text([]).decode())
    assert {name for name, _ in series if name.startswith("process_")} == set(PROCESS)
    assert series["process_resident_memory_bytes", ()] > 1 << 20


def test_a_label_that_never_ends_does_not_fill_the_memory() -> None:
    ledger = PrometheusMeter()
    for number in range(MAX_SERIES + 50):
        ledger.count(CANARIES, f"driver-{number}", "passed")
    series = read(ledger.text([]).decode())
    assert series["vestibule_canaries_total", ("other", "other")] == 50
    assert len([name for name, _ in series if name == "vestibule_canaries_total"]) == MAX_SERIES + 1


def test_two_ledgers_know_nothing_of_each_other() -> None:
    one, other = PrometheusMeter(), PrometheusMeter()
    one.count(CANARIES, "qemu", "passed")
    assert "qemu" not in other.text([]).decode()
