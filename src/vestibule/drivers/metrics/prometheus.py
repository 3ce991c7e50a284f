"""Counters, histograms and gauges in a registry of our own; the text that Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from vestibule.core.metrics import METRICS, OTHER, STAGE_BUCKETS_S, Kind, Metric, Sample

MAX_SERIES = 500
"""Of one metric.  Labels have few values by design; a defect must not fill the memory all the same."""


class PrometheusMeter:
    """Implements ``services.meter.Meter``; ``text`` adds the gauges' samples of the moment."""

    def __init__(self) -> None:
        self._registry = _Registry()
        self._counters = {m: _counter(m, self._registry) for m in METRICS if m.kind is Kind.COUNTER}
        self._histograms = {m: _histogram(m, self._registry) for m in METRICS if m.kind is Kind.HISTOGRAM}
        self._series: dict[Metric, set[tuple[str, ...]]] = {m: set(m.from_start) for m in METRICS}
        for metric, family in (*self._counters.items(), *self._histograms.items()):
            for labels in metric.from_start:
                family.labels(*labels)
        ProcessCollector(registry=self._registry)

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """See Meter."""
        counter = self._counters[metric]
        (counter.labels(*self._bounded(metric, labels)) if labels else counter).inc(by)

    def time(self, metric: Metric, seconds: float, *labels: str) -> None:
        """See Meter."""
        self._histograms[metric].labels(*self._bounded(metric, labels)).observe(max(0.0, seconds))

    def _bounded(self, metric: Metric, labels: tuple[str, ...]) -> tuple[str, ...]:
        known = self._series[metric]
        if labels not in known and len(known) >= MAX_SERIES:
            return (OTHER,) * len(labels)
        known.add(labels)
        return labels

    def text(self, samples: Sequence[Sample]) -> bytes:
        """Everything, in Prometheus' text format 0.0.4."""
        whole = _Registry()
        whole.register(self._registry)
        whole.register(_Gauges(samples))
        return generate_latest(whole)


class _Registry(CollectorRegistry):
    """Without the series of creation times, which double every counter and nobody asks for."""

    def collect(self) -> Iterator[Family]:
        for family in super().collect():
            family.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            if family.samples or not family.name.endswith("_created"):
                yield family


class _Gauges(Collector):
    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = list(samples)

    def collect(self) -> Iterator[Family]:
        for metric in dict.fromkeys(sample.metric for sample in self._samples):
            family = GaugeMetricFamily(metric.name, metric.text, labels=metric.labels)
            for sample in self._samples:
                if sample.metric is metric:
                    family.add_metric(sample.labels, sample.value)
            yield family


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.text, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.text, metric.labels, buckets=STAGE_BUCKETS_S, registry=registry)
