"""From what was found of readiness, host and failures to the API's shapes."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.api import health_schemas as shapes
from vestibule.core.failure_reports import Example, FailureReport, GoldenScore, Reason, Score
from vestibule.core.host_facts import HostFacts
from vestibule.services.failures import Seen
from vestibule.services.ready_checks import Finding


def ready(findings: Sequence[Finding]) -> shapes.Ready:
    """For whoever asks: nothing of paths, goldens or keys."""
    return shapes.Ready(
        ready=all(finding.ok for finding in findings),
        failed=[finding.name for finding in findings if not finding.ok],
        checks=[
            shapes.ReadyCheck(name=each.name, ok=each.ok, code=each.code, remedy=each.remedy)
            for each in findings
        ],
    )


def host(findings: Sequence[Finding], facts: HostFacts) -> shapes.HostHealth:
    """For who has signed in."""
    return shapes.HostHealth(
        ready=all(finding.ok for finding in findings),
        checks=[
            shapes.ExplainedCheck(
                name=each.name, ok=each.ok, code=each.code, cause=each.cause, remedy=each.remedy
            )
            for each in findings
        ],
        mem_total_bytes=facts.mem_total_bytes,
        mem_available_bytes=facts.mem_available_bytes,
        load=facts.load,
        cpus=facts.cpus,
        stalls=[
            shapes.HostStall(
                resource=stall.resource,
                some_10s=stall.some_10s,
                some_60s=stall.some_60s,
                full_10s=stall.full_10s,
                full_60s=stall.full_60s,
            )
            for stall in facts.stalls
        ],
        disks=[
            shapes.HostDisk(folder=disk.folder, free_bytes=disk.free_bytes, total_bytes=disk.total_bytes)
            for disk in facts.disks
        ],
    )


def failures(seen: Seen, days: int) -> shapes.Failures:
    """Counts, and the asker's own examples."""
    report: FailureReport = seen.report
    return shapes.Failures(
        days=days,
        since=report.since,
        until=report.until,
        bar_s=report.bar_s,
        of_everybody=seen.of_everybody,
        score=_score(report.score),
        reasons=[_reason(each, seen.examples) for each in report.reasons],
        goldens=[_golden(each) for each in report.goldens],
        bars=[shapes.FailureBar(since=bar.since, score=_score(bar.score)) for bar in report.bars],
    )


def _score(score: Score) -> shapes.SignInScore:
    return shapes.SignInScore(
        completed=score.completed,
        failed=score.failed,
        cancelled=score.cancelled,
        success_rate=score.success_rate,
    )


def _reason(reason: Reason, examples: Sequence[Example]) -> shapes.FailureReason:
    return shapes.FailureReason(
        code=reason.code,
        count=reason.count,
        newest_hour=reason.newest_hour,
        goldens=[shapes.CountOfGolden(golden_id=golden, count=count) for golden, count in reason.goldens],
        over_time=list(reason.over_time),
        examples=[_example(each) for each in examples if each.code == reason.code],
    )


def _example(example: Example) -> shapes.FailureExample:
    return shapes.FailureExample(
        session_id=example.session_id,
        provider=example.provider,
        golden_id=example.golden_id,
        cause=example.cause,
        at=example.at,
    )


def _golden(golden: GoldenScore) -> shapes.GoldenScore:
    return shapes.GoldenScore(
        golden_id=golden.golden_id,
        score=_score(golden.score),
        codes=[shapes.CountOfCode(code=code, count=count) for code, count in golden.codes],
    )
