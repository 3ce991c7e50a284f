"""Metrics: what a controller counts and measures of itself, each with its name, labels and meaning.

The list is the truth: the registry is made from it, ``docs/reference/metrics.md`` is written from it, and a
test holds alert rules and dashboard to it.  No label is a session, a machine, a user or a host: every one has
few values.  What is counted begins at 0 with every controller; what is a state is read when somebody asks.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

from vestibule.core.egress import Reason, verdict_of
from vestibule.core.sessions import FINAL
from vestibule.core.symptoms import CHECK_CODES


class Kind(enum.StrEnum):
    """How a metric behaves."""

    COUNTER = "counter"
    """Only grows, from 0 at the controller's start."""
    GAUGE = "gauge"
    """A state, read when it is asked for."""
    HISTOGRAM = "histogram"
    """Durations in seconds, in buckets."""


STAGE_BUCKETS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
"""From a clone's start to a person who looks for a telephone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Metric:
    """One family of series."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    from_start: tuple[tuple[str, ...], ...] = ()
    """Label values of series that are there, at 0, before anything was counted: to Prometheus a series that
    appears with its first count has not grown, and an alert would miss it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """The present value of one series of a gauge."""

    metric: Metric
    labels: tuple[str, ...] = ()
    """Values, in the order of the metric's labels."""
    value: float


def _counter(name: str, text: str, *labels: str, from_start: Iterable[tuple[str, ...]] = ()) -> Metric:
    return Metric(
        name=f"vestibule_{name}_total",
        kind=Kind.COUNTER,
        text=text,
        labels=labels,
        from_start=tuple(from_start),
    )


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(name=f"vestibule_{name}", kind=Kind.GAUGE, text=text, labels=labels)


def _histogram(name: str, text: str, *labels: str, from_start: Iterable[tuple[str, ...]] = ()) -> Metric:
    return Metric(
        name=f"vestibule_{name}_seconds",
        kind=Kind.HISTOGRAM,
        text=text,
        labels=labels,
        from_start=tuple(from_start),
    )


NO_CODE = "none"
"""The label ``code`` of what ended without a failure."""
OTHER = "other"
"""The value of every label once a counter has too many series."""

SESSIONS_ENDED = _counter(
    "sessions_ended",
    "Sign-ins that ended, by tool, final state and failure code.",
    "provider",
    "status",
    "code",
)
STAGE_SECONDS = _histogram(
    "session_stage",
    "How long sign-ins were in each state, by the state that they left and the driver; `started` is the wait"
    " in the line and the machine's start together.",
    "stage",
    "driver",
)
SESSION_SECONDS = _histogram(
    "session",
    "From Connect to the end of a sign-in, by final state; its count is how many ended so.",
    "status",
    from_start=[(status,) for status in sorted(FINAL)],
)
FIRST_FRAME_SECONDS = _histogram(
    "first_frame",
    "From the click on Connect to the first frame of the desktop that is not black, as people's browsers"
    " measured it, by driver.",
    "driver",
)
MACHINES_ENDED = _counter(
    "machines_ended",
    "Machines that ended, by driver, final state and failure code.",
    "driver",
    "status",
    "code",
)
HEALTH_CHECKS = (*CHECK_CODES, "agent")
HEALTH_FAILURES = _counter(
    "health_check_failures",
    f"Machines that failed at what their agent was asked to confirm, by the check: {', '.join(HEALTH_CHECKS)}"
    " (it did not answer, or is another than the golden's).",
    "check",
    from_start=[(check,) for check in HEALTH_CHECKS],
)
CANARIES = _counter(
    "canaries",
    "Canaries that this controller ran, by driver and result (passed, failed, late).",
    "driver",
    "result",
)
EGRESS_VERDICTS = _counter(
    "egress_verdicts",
    "Requests of machines to the outside, by verdict (allowed, refused, unreachable) and its reason.",
    "verdict",
    "reason",
    from_start=[(verdict_of(reason), reason) for reason in Reason],
)
RELAY_BYTES = _counter(
    "relay_bytes",
    "Bytes of desktops' remote views, by direction: down to the viewer, up to the machine.",
    "direction",
)
WEBHOOK_POSTS = _counter(
    "webhook_posts",
    "Posts to webhook_url, by result (delivered, failed).",
    "result",
    from_start=[("delivered",), ("failed",)],
)
WARM_CLAIMS = _counter(
    "warm_claims",
    "Looks of starts into the warm pool, by result: hit, miss (a fresh machine was started), failed (the"
    " machine did not wake up, and a fresh one was started).",
    "result",
    from_start=[("hit",), ("miss",), ("failed",)],
)
MACHINES_CPU = _counter(
    "machines_cpu_seconds", "Processor time of machines that live while it is read, by driver.", "driver"
)
JANITOR_REMOVED = _counter(
    "janitor_removed",
    "What the janitor removed: folders of evidence, and the bulk of old sessions and machines.",
    "what",
)
JANITOR_FREED = _counter("janitor_freed_bytes", "Bytes of evidence that the janitor removed.")

BUILD_INFO = _gauge("build_info", "Always 1; the controller's version is in the label.", "version")
READY = _gauge("ready", "Whether a check of /readyz passes (1) or fails (0).", "check")
SESSIONS_OPEN = _gauge("sessions_open", "Sign-ins under way, by state.", "status")
MACHINES_LIVE = _gauge("machines", "Live machines, by driver and state.", "driver", "status")
MACHINES_MEMORY = _gauge(
    "machines_memory_bytes", "Memory of live machines that nothing shares, by driver.", "driver"
)
SESSIONS_WAITING = _gauge("sessions_waiting", "Sign-ins that wait in line for a machine.")
MACHINES_PAUSED = _gauge("machines_paused", "Machines that stand still, as nobody looks at them.")
MACHINES_WARM = _gauge("machines_warm", "Machines of the warm pool that could be claimed now.")
MACHINES_LIMIT = _gauge("machines_limit", "The setting max_machines.")
GOLDEN_INFO = _gauge(
    "golden_info",
    "Always 1; the promoted golden and its agent are in the labels.",
    "golden_id",
    "agent_build",
)
GOLDEN_AGE = _gauge("golden_age_seconds", "How long ago the promoted golden was built.")
GOLDEN_STALE = _gauge("golden_stale", "Whether today's inputs make another golden than the promoted one (1).")
GOLDEN_DISMISSED = _gauge(
    "golden_dismissed", "Whether the golden of today's inputs was rejected or left by a roll-back (1)."
)
GOLDEN_FAILING = _gauge(
    "golden_failing",
    "Whether machines fail by the promoted golden's fault and no earlier one takes its place (1).",
)
CANARY_PASSED = _gauge(
    "canary_passed", "Whether the newest canary of a driver passed (1), of whatever golden.", "driver"
)
CANARY_AGE = _gauge("canary_age_seconds", "How long ago the newest canary of a driver began.", "driver")
CREDENTIALS = _gauge("credentials", "Credentials that nobody deleted, by custody.", "custody")
EVIDENCE_BYTES = _gauge("evidence_bytes", "Disk that the evidence of ended machines takes.")
EVIDENCE_MACHINES = _gauge("evidence_machines", "Machines that evidence is kept of.")
EVIDENCE_QUOTA = _gauge("evidence_quota_bytes", "The setting evidence_quota_mib, in bytes.")
DISK_FREE = _gauge(
    "disk_free_bytes", "Free space for the controller, by folder (state, run, cache).", "folder"
)
UNREAD = _gauge(
    "metrics_unread",
    "Whether a part of these metrics could not be read (1); its gauges are missing then.",
    "part",
)

METRICS = (
    SESSIONS_OPEN,
    SESSIONS_ENDED,
    SESSION_SECONDS,
    STAGE_SECONDS,
    FIRST_FRAME_SECONDS,
    MACHINES_LIVE,
    SESSIONS_WAITING,
    MACHINES_PAUSED,
    MACHINES_WARM,
    WARM_CLAIMS,
    MACHINES_LIMIT,
    MACHINES_ENDED,
    HEALTH_FAILURES,
    MACHINES_MEMORY,
    MACHINES_CPU,
    GOLDEN_INFO,
    GOLDEN_AGE,
    GOLDEN_STALE,
    GOLDEN_DISMISSED,
    GOLDEN_FAILING,
    CANARY_PASSED,
    CANARY_AGE,
    CANARIES,
    EGRESS_VERDICTS,
    RELAY_BYTES,
    CREDENTIALS,
    WEBHOOK_POSTS,
    EVIDENCE_BYTES,
    EVIDENCE_MACHINES,
    EVIDENCE_QUOTA,
    JANITOR_REMOVED,
    JANITOR_FREED,
    DISK_FREE,
    READY,
    BUILD_INFO,
    UNREAD,
)
"""All of them, as the reference lists them."""

PROCESS = {
    "process_cpu_seconds_total": "Processor time of the controller.",
    "process_max_fds": "File descriptors that it may have.",
    "process_open_fds": "File descriptors that it has.",
    "process_resident_memory_bytes": "Memory of the controller that is in RAM.",
    "process_start_time_seconds": "When it started, in seconds since 1970.",
    "process_virtual_memory_bytes": "Address space of the controller.",
}
"""Of the controller's own process, as every Prometheus client names them."""
