"""Spans to an OpenTelemetry collector, by OTLP over HTTP: in the background, and never in anybody's way.

::

    export() ─▶ bounded queue ─▶ a thread of the SDK's, every few seconds ─▶ POST /v1/traces

Ids and times are given by ``core.steps``; the SDK queues, encodes and sends.  A collector that is down is
told of once, and what was not taken is dropped.  Headers, certificates and the proxy are the environment's
(``OTEL_EXPORTER_OTLP_HEADERS`` and so on).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from vestibule.core.steps import Span, StepOutcome

log = structlog.get_logger()

PATH = "/v1/traces"
EVERY_MS = 2000
SEND_TIMEOUT_S = 5.0
_SCOPE = InstrumentationScope("vestibule")


class _ToldOnce(SpanExporter):
    """Says once that nothing is taken, and once that it is again: the SDK would at every attempt."""

    def __init__(self, inner: SpanExporter, endpoint: str) -> None:
        self._inner = inner
        self._endpoint = endpoint
        self._down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._inner.export(spans)
        down = result is not SpanExportResult.SUCCESS
        if down and not self._down:
            log.warning("The collector takes no spans; they are dropped until it does", url=self._endpoint)
        if self._down and not down:
            log.info("The collector takes spans again", url=self._endpoint)
        self._down = down
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()


class Traces:
    """One per controller that has a collector."""

    def __init__(self, endpoint: str, version: str) -> None:
        """``endpoint``: the collector's base address."""
        url = endpoint.rstrip("/") + PATH
        for name in ("opentelemetry.exporter", "opentelemetry.sdk"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        exporter = _ToldOnce(OTLPSpanExporter(endpoint=url, timeout=SEND_TIMEOUT_S), url)
        self._resource = Resource.create({"service.name": "vestibule", "service.version": version})
        self._queue = BatchSpanProcessor(exporter, schedule_delay_millis=EVERY_MS)

    def export(self, span: Span) -> None:
        """Queue it; returns at once, and a full queue drops its oldest."""
        self._queue.on_end(self._readable(span))

    def close(self) -> None:
        """Send what there is; blocks for SEND_TIMEOUT_S at most, or a little longer."""
        self._queue.shutdown()  # type: ignore[no-untyped-call]  # the SDK's

    def _readable(self, span: Span) -> ReadableSpan:
        parent = None if span.parent_id is None else _context(span.trace_id, span.parent_id)
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.span_id),
            parent=parent,
            resource=self._resource,
            attributes=_attributes(span),
            start_time=round(span.started_at.timestamp() * 1e9),
            end_time=round(span.ended_at.timestamp() * 1e9),
            status=_status(span),
            instrumentation_scope=_SCOPE,
        )


def _context(trace_id: int, span_id: int) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _attributes(span: Span) -> dict[str, str]:
    facts = {f"vestibule.{name}": value for name, value in span.facts.items()}
    code = {"error.type": span.error_code} if span.error_code else {}
    return {**facts, "vestibule.outcome": span.outcome.value, **code}


def _status(span: Span) -> Status:
    if span.outcome is StepOutcome.FAILED:
        return Status(StatusCode.ERROR, span.error_code)
    return Status(StatusCode.OK if span.outcome is StepOutcome.DONE else StatusCode.UNSET)
