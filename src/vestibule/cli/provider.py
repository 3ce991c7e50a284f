"""``vestibule provider``: the tools that can be connected, and trying their files with the real tools."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.drivers import RealDriver
from vestibule.cli.output import Output, OutputFormat, one_line, print_json, print_rows
from vestibule.client import Row
from vestibule.core.errors import BadInput, MachineFailed
from vestibule.core.machines import DriverName
from vestibule.core.verification import TrialCheck, Verification
from vestibule.settings import load

app = typer.Typer(help="Tools that can be connected.", no_args_is_help=True)

_COLUMNS = ("name", "title", "version", "flows", "verified")
_CHECK_COLUMNS = ("provider", "check", "flow", "outcome", "seconds", "detail")


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Every tool: its version, its ways to sign in (the preferred one first), whether it was tried."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/providers"), _COLUMNS, output)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME…", show_default=False)] = None,
    all_: Annotated[  # noqa: FBT002
        bool, typer.Option("--all", help="Every tool that a golden carries, one after another.")
    ] = False,
    driver: Annotated[RealDriver | None, typer.Option(help="Unset: the host's choice.")] = None,
    record: Annotated[  # noqa: FBT002
        bool, typer.Option("--record", help="Write down what was found, beside the provider files.")
    ] = False,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Try provider files with the real tools, in clones, as far as they come without a person.

    The tool's version; by each of its flows: its address, its user code, its question for a code and its
    refusal of a wrong one.  A tool that cannot reach its provider is told apart from a file that is wrong.
    """
    from vestibule import verifying  # noqa: PLC0415 (loads the whole controller; most commands do without)

    if bool(names) == all_:
        raise BadInput(
            "NAME or --all is needed, and not both", remedy="See vestibule provider verify --help."
        )
    chosen = DriverName(driver) if driver else None
    settings = load()
    found = asyncio.run(verifying.verify(settings, names or [], chosen, _tell))
    if record:
        for path in verifying.record(settings, found):
            sys.stderr.write(f"written to {path}\n")
    _print(found, output)
    _require_none_failed(found)


def _tell(check: TrialCheck) -> None:
    """Progress goes to standard error: the answer is standard output's alone."""
    by = f" by {check.flow}" if check.flow else ""
    sys.stderr.write(one_line(f"{check.outcome}: {check.name}{by}, {check.detail}") + "\n")


def _print(found: Sequence[Verification], output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        print_json([one.to_mapping() for one in found])
        return
    rows: list[Row] = [
        {
            "provider": one.provider,
            "check": check.name,
            "flow": check.flow,
            "outcome": check.outcome,
            "seconds": check.seconds,
            "detail": check.detail,
        }
        for one in found
        for check in one.checks
    ]
    print_rows(rows, _CHECK_COLUMNS, output)


def _require_none_failed(found: Sequence[Verification]) -> None:
    failed = [one for one in found if one.failed]
    if failed:
        raise MachineFailed(
            f"{', '.join(one.provider for one in failed)}: not as the provider file says.",
            remedy="Read the details above, and correct the file: see docs/guides/providers.md.",
            code="provider_differs",
        )
