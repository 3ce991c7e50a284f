"""Spans reach a collector as OTLP; one that is down is told of once and holds nobody up."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from webhook_receiver import receiving

from vestibule.core import steps
from vestibule.core.steps import Span, StepOutcome, StepRecord
from vestibule.drivers.traces import Traces
from vestibule.settings import Settings
from vestibule.tracing import exporting, nowhere

pytestmark = pytest.mark.anyio
T0 = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def _span(number: int = 1, **changes: Any) -> Span:
    step = StepRecord(
        subject_id="s-1",
        number=number,
        name="start",
        started_at=T0 + dt.timedelta(seconds=number),
        ended_at=T0 + dt.timedelta(seconds=number + 1.5),
        outcome=changes.pop("outcome", StepOutcome.FAILED),
        error_code=changes.pop("error_code", "start_timeout"),
    )
    span = steps.span_of_step(step, {"driver": "container", "golden_id": "g-1"})
    assert span is not None
    return span


async def test_a_span_arrives_whole() -> None:
    async with receiving() as receiver:
        base = receiver.url.partition("/hook")[0]
        async with exporting(Settings(otlp_endpoint=base)) as export:  # type: ignore[arg-type]
            export(_span())
            export(_span(2, outcome=StepOutcome.DONE, error_code=None))
    ((headers, body),) = receiver.got
    assert headers["content-type"] == "application/x-protobuf"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert {item.key: item.value.string_value for item in resource.resource.attributes}["service.name"] == (
        "vestibule"
    )
    failed, done = resource.scope_spans[0].spans
    assert failed.trace_id == steps.trace_id("s-1").to_bytes(16)
    assert failed.parent_span_id == steps.way_id("s-1").to_bytes(8)
    assert failed.name == "start"
    assert failed.end_time_unix_nano - failed.start_time_unix_nano == 1_500_000_000
    assert {item.key: item.value.string_value for item in failed.attributes} == {
        "vestibule.driver": "container",
        "vestibule.golden_id": "g-1",
        "vestibule.outcome": "failed",
        "error.type": "start_timeout",
    }
    assert (failed.status.code, done.status.code) == (
        failed.status.STATUS_CODE_ERROR,
        done.status.STATUS_CODE_OK,
    )
    assert failed.span_id != done.span_id


async def test_a_collector_that_is_down_is_told_of_once(log: list[Any]) -> None:
    traces = Traces("http://127.0.0.1:9", "test")
    began = time.monotonic()
    for number in range(3000):
        traces.export(_span(number))
    assert time.monotonic() - began < 2
    await asyncio.to_thread(traces._queue.force_flush, 1000)
    await asyncio.to_thread(traces.close)
    assert [line["event"] for line in log] == ["The collector takes no spans; they are dropped until it does"]


async def test_without_a_collector_nothing_is_sent() -> None:
    async with exporting(Settings()) as export:
        assert export is nowhere
        export(_span())
