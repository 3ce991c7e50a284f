"""``vestibule doctor``: what this host can do, and what to mend."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import typer
from rich.markup import escape

from vestibule.cli.exit_codes import ExitCode
from vestibule.cli.output import Output, OutputFormat, print_json, wide_console
from vestibule.services.host import Check, HostReport
from vestibule.settings import Settings, load


def doctor(output: Output = OutputFormat.TABLE) -> None:
    """Look at this host: what is there, what is missing, how to mend it.  Exit code 6 when it is unfit."""
    report, checks = asyncio.run(_examine(load()))
    lacking = [check for check in checks if check.needed and not check.ok]
    if output is OutputFormat.JSON:
        print_json(_document(report, checks))
    else:
        _print_checks(checks)
        print(f"\nMachines run with the driver {report.choice.driver}: {report.choice.why}.")
    raise typer.Exit(ExitCode.UNAVAILABLE if lacking else ExitCode.OK)


async def _examine(settings: Settings) -> tuple[HostReport, Sequence[Check]]:
    from vestibule import golden_commands  # noqa: PLC0415 (loads the whole controller; most commands do without)

    async with golden_commands.host_report(settings) as report:
        return report, await report.checks()


def _document(report: HostReport, checks: Sequence[Check]) -> dict[str, object]:
    return {
        "fit": all(check.ok or not check.needed for check in checks),
        "driver": report.choice.driver,
        "isolation": report.choice.isolation,
        "why": report.choice.why,
        "golden_id": report.golden_id,
        "golden_ready": report.golden_ready,
        "checks": [dataclasses.asdict(check) for check in checks],
    }


def _print_checks(checks: Sequence[Check]) -> None:
    console = wide_console()
    width = max(len(check.name) for check in checks)
    for check in checks:
        console.print(f"{_mark(check)} {escape(check.name.ljust(width))}  {escape(check.detail)}")
        if check.fix:
            console.print(f"       {' ' * width}FIX: {escape(check.fix)}")


def _mark(check: Check) -> str:
    if check.ok:
        return "[green]ok  [/]"
    return "[red]FAIL[/]" if check.needed else "[yellow]note[/]"
