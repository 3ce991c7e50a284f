"""``vestibule session``: sign-ins, past and under way."""

from __future__ import annotations

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.failure_block import print_with_failure
from vestibule.cli.output import Output, OutputFormat, print_done, print_rows

app = typer.Typer(help="Sign-ins, past and under way.", no_args_is_help=True)

_COLUMNS = ("session_id", "provider", "status", "vm_id", "vm_ip", "created_at")


@app.command("list")
def list_(url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """Your sessions, newest first."""
    with connect(url) as controller:
        print_rows(controller.get_list("/api/auth/sessions"), _COLUMNS, output)


@app.command()
def show(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """One session, whole."""
    with connect(url) as controller:
        print_with_failure(controller.get(f"/api/auth/session/{session_id}"), output)


@app.command()
def cancel(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """End a session; its machine is destroyed."""
    with connect(url) as controller:
        session = controller.post(f"/api/auth/session/{session_id}/cancel")
    print_done(session, f"{session_id} is {session['status']}.", output)
