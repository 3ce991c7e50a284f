"""The metrics as a Markdown table: ``make reference`` writes docs/reference/metrics.md from it."""

from __future__ import annotations

import sys

from vestibule.core.metrics import METRICS, PROCESS, STAGE_BUCKETS_S, Metric

_HEAD = """# Metrics

`GET /metrics` answers them in Prometheus' text format to the operator's token, and to the one in
`metrics_token_file` ([how](../guides/operate.md#metrics-and-alerts)). Counters begin at 0 with every
controller; gauges are read when they are asked for. No label names a session, a machine, a user or a host.

| metric | kind | labels | what |
|---|---|---|---|
"""


def table() -> str:
    """The whole page."""
    buckets = ", ".join(f"{bound:g}" for bound in STAGE_BUCKETS_S)
    process = [f"| `{name}` | process | | {text} |" for name, text in PROCESS.items()]
    rows = [*(_row(metric) for metric in METRICS), *process]
    return _HEAD + "\n".join(rows) + f"\n\nHistograms have buckets up to {buckets} seconds, and `+Inf`.\n"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.text} |"


if __name__ == "__main__":
    sys.stdout.write(table())
