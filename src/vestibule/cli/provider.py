"""``vestibule provider``: the tools that can be connected."""

from __future__ import annotations

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, print_rows

app = typer.Typer(help="Tools that can be connected.", no_args_is_help=True)

_COLUMNS = ("name", "title", "version", "flows", "verified")


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Every tool: its version, its ways to sign in (the preferred one first), whether it was tried."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/providers"), _COLUMNS, output)
