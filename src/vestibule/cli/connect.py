"""``vestibule connect``: start a sign-in, and follow it to its end when asked to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vestibule.cli import controller as controllers
from vestibule.cli.controller import Url
from vestibule.cli.drivers import RealDriver
from vestibule.cli.following import follow, raise_unless_well
from vestibule.cli.output import Output, OutputFormat, print_one
from vestibule.client import Controller, ControllerUnreachable, Row, segment
from vestibule.core.providers import Flow

COLUMNS = (
    "session_id",
    "provider",
    "status",
    "queue_place",
    "queue_reason",
    "vnc_url",
    "vm_id",
    "vm_ip",
    "user_code",
    "credential_id",
)


def connect(  # noqa: PLR0917 (typer makes options of them)
    provider: str,
    wait: Annotated[  # noqa: FBT002 (a flag of the command line)
        bool, typer.Option("--wait", help="Print every stage until the end; Ctrl-C cancels.")
    ] = False,
    driver: Annotated[RealDriver | None, typer.Option(help="Unset: the host's choice.")] = None,
    flow: Annotated[Flow | None, typer.Option(help="Unset: the provider's preferred one.")] = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Start a sign-in of a tool; an unknown name is answered with the known ones."""
    with controllers.connect(url) as controller:
        started = controller.post("/api/vm/auth", {"provider": provider, "driver": driver, "flow": flow})
        session = started["session"]
        if wait:
            session = _follow(controller, session["session_id"], output)
    print_one(session, output, COLUMNS)
    if wait:
        raise_unless_well(session)


def _follow(controller: Controller, session_id: str, output: OutputFormat) -> Row:
    """The final session.  Ctrl-C cancels it on its way out."""
    try:
        return follow(controller, session_id, output)
    except KeyboardInterrupt:
        try:
            controller.post(f"/api/auth/session/{segment(session_id)}/cancel")
        except ControllerUnreachable:
            sys.stderr.write(f"{session_id} could not be cancelled: the controller does not answer\n")
        else:
            sys.stderr.write(f"cancelled {session_id}; its machine is destroyed\n")
        raise
