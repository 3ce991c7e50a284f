"""``vestibule session``: sign-ins, past and under way."""

from __future__ import annotations

import typer

from vestibule.cli.connect import COLUMNS
from vestibule.cli.controller import Url, connect
from vestibule.cli.failure_block import print_with_failure
from vestibule.cli.following import follow, raise_unless_well
from vestibule.cli.output import Output, OutputFormat, print_done, print_one, print_rows
from vestibule.cli.timelines import print_timeline
from vestibule.cli.view_links import share, shares, unshare
from vestibule.client import segment

app = typer.Typer(help="Sign-ins, past and under way.", no_args_is_help=True)

app.command()(share)
app.command()(shares)
app.command()(unshare)

_COLUMNS = ("session_id", "provider", "status", "error_code", "vm_id", "vm_ip", "created_at")


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your sessions, newest first."""
    with connect(url) as controller:
        sessions = controller.get_list("/api/auth/sessions")
    if output is OutputFormat.TABLE:
        sessions = [{**row, "error_code": (row.get("failure") or {}).get("code")} for row in sessions]
    print_rows(sessions, _COLUMNS, output)


@app.command()
def show(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """One session, whole."""
    with connect(url) as controller:
        print_with_failure(controller.get(f"/api/auth/session/{segment(session_id)}"), output)


@app.command()
def wait(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Print every stage of a session until its end, as connect --wait does; Ctrl-C leaves it as it is."""
    with connect(url) as controller:
        session = follow(controller, session_id, output)
    print_one(session, output, COLUMNS)
    raise_unless_well(session)


@app.command()
def timeline(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """What a session went through, step by step, with its seconds."""
    with connect(url) as controller:
        print_timeline(controller, f"/api/auth/session/{segment(session_id)}/timeline", output)


@app.command()
def cancel(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """End a session; its machine is destroyed."""
    with connect(url) as controller:
        session = controller.post(f"/api/auth/session/{segment(session_id)}/cancel")
    print_done(session, f"{session_id} is {session['status']}.", output)
