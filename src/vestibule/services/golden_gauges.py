"""What is measured of goldens: the promoted one, whether it is today's, and the canaries' newest reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from vestibule.core.errors import VestibuleError
from vestibule.core.metrics import (
    CANARY_AGE,
    CANARY_PASSED,
    GOLDEN_AGE,
    GOLDEN_DISMISSED,
    GOLDEN_FAILING,
    GOLDEN_INFO,
    GOLDEN_STALE,
    Sample,
)
from vestibule.services.golden_ports import CanaryReports
from vestibule.services.promotions import Promotions


def golden_gauges(promotions: Promotions, canaries: CanaryReports, now: dt.datetime) -> Sequence[Sample]:
    """Reads files.  Without a promoted golden nothing is told of it; ``vestibule_ready`` says so."""
    return [*_promoted(promotions, now), *_canaries(canaries, now)]


def _promoted(promotions: Promotions, now: dt.datetime) -> Sequence[Sample]:
    register = promotions.register
    promoted = register.promoted
    move = register.last(promoted) if promoted else None
    if promoted is None or move is None:
        return []
    wanted = promotions.goldens.wanted()
    stale = Sample(metric=GOLDEN_STALE, value=promoted != wanted)
    dismissed = Sample(metric=GOLDEN_DISMISSED, value=promotions.is_dismissed(wanted))
    failing = Sample(metric=GOLDEN_FAILING, value=move.failing is not None)
    try:
        manifest = promotions.goldens.manifest(promoted)
    except VestibuleError:  # gone or damaged: /readyz says which
        return [stale, dismissed, failing]
    age_s = (now - manifest.built_at).total_seconds()
    return [
        Sample(metric=GOLDEN_INFO, labels=(promoted, manifest.agent_build[:16]), value=1),
        Sample(metric=GOLDEN_AGE, value=age_s),
        stale,
        dismissed,
        failing,
    ]


def _canaries(canaries: CanaryReports, now: dt.datetime) -> Sequence[Sample]:
    newest = {report.driver: report for report in reversed(canaries.all())}  # the newest comes last
    passed = [
        Sample(metric=CANARY_PASSED, labels=(driver,), value=report.passed)
        for driver, report in newest.items()
    ]
    ages = [
        Sample(metric=CANARY_AGE, labels=(driver,), value=(now - report.at).total_seconds())
        for driver, report in newest.items()
    ]
    return [*passed, *ages]
