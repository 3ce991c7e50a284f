"""``vestibule user``: who may sign in to this controller; for its first user."""

from __future__ import annotations

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, moment, print_done, print_json, print_rows
from vestibule.client import Row, segment

app = typer.Typer(help="Who may use this controller.", no_args_is_help=True)


def _print_link(link: Row, output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        print_json(link)
    else:
        until = moment(link["expires_at"])
        print(f"One-time sign-in link of {link['user']['name']}, until {until}:\n{link['url']}")


@app.command()
def add(name: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Add a user and print a one-time sign-in link for them."""
    with connect(url) as controller:
        _print_link(controller.post("/api/users", {"name": name}), output)


@app.command()
def link(name: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Print another one-time sign-in link for a user."""
    with connect(url) as controller:
        _print_link(controller.post(f"/api/users/{segment(name)}/link"), output)


@app.command()
def remove(name: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Remove a user who has no open sign-in, machine or credential, with every row that is theirs.

    Evidence of machines that they had stays until the janitor removes it, by age or quota.
    """
    with connect(url) as controller:
        print_done(controller.delete(f"/api/users/{segment(name)}"), f"{name} is removed.", output)


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """All users, oldest first."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/users"), ("user_id", "name"), output)
