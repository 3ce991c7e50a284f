"""``vestibule golden canary`` and ``reports``: what canaries found, and where their evidence lies."""

from __future__ import annotations

import dataclasses

from vestibule.cli.golden_names import OptionalGolden, named, store_of
from vestibule.cli.output import Output, OutputFormat, moment, print_json, print_rows
from vestibule.client import Row
from vestibule.core.canary import CanaryReport
from vestibule.services.golden_ports import CanaryReports
from vestibule.settings import load

_CHECK_COLUMNS = ("name", "ok", "seconds", "detail")
_REPORT_COLUMNS = ("golden_id", "driver", "passed", "at", "verdict", "evidence")


def canary(golden_id: OptionalGolden = None, output: Output = OutputFormat.TABLE) -> None:
    """What the canaries of a golden found: every check, for every driver it was tried with.

    A golden that is gone since has its reports still.
    """
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    settings = load()
    wanted, kept = named(golden_id, store_of(settings)), golden_commands.canary_reports(settings)
    reports = kept.of(wanted)
    if output is OutputFormat.JSON:
        print_json([_row(report, kept) for report in reports])
        return
    if not reports:
        print(f"golden {wanted} was not tried on this host")
    for report in reports:
        print(f"{report.verdict}; {report.seconds:.1f} s at {moment(report.at.isoformat())}")
        print(f"evidence: {kept.evidence(report.golden_id, report.driver)}")
        print_rows([dataclasses.asdict(check) for check in report.checks], _CHECK_COLUMNS, output)


def reports(output: Output = OutputFormat.TABLE) -> None:
    """Every canary's report that is kept, the newest first; of goldens that are gone too."""
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    kept = golden_commands.canary_reports(load())
    print_rows([_row(report, kept) for report in kept.all()], _REPORT_COLUMNS, output)


def _row(report: CanaryReport, kept: CanaryReports) -> Row:
    return {
        **report.to_mapping(),
        "passed": report.passed,
        "verdict": report.verdict,
        "evidence": kept.evidence(report.golden_id, report.driver),
    }
