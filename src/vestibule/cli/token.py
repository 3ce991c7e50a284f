"""``vestibule token``: API tokens for scripts."""

from __future__ import annotations

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, print_done, print_rows
from vestibule.client import segment

app = typer.Typer(help="API tokens for scripts.", no_args_is_help=True)


@app.command()
def create(label: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Make a token; this is the only time that it is shown."""
    with connect(url) as controller:
        token = controller.post("/api/tokens", {"label": label})
    print_done(token, token["secret"], output)


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your tokens, without their secrets."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/tokens"), ("token_id", "label", "created_at"), output)


@app.command()
def delete(token_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Make a token useless, at once."""
    with connect(url) as controller:
        controller.delete(f"/api/tokens/{segment(token_id)}")
    print_done({"token_id": token_id}, f"{token_id} is deleted.", output)
