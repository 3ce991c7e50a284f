"""``vestibule connect``: start a sign-in, and follow it to its end when asked to."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from vestibule.cli import controller as controllers
from vestibule.cli.controller import Url
from vestibule.cli.drivers import RealDriver
from vestibule.cli.output import Output, OutputFormat, print_line, print_one
from vestibule.client import Controller, Row, SessionEnded
from vestibule.core.errors import MachineFailed
from vestibule.core.providers import Flow
from vestibule.core.sessions import FINAL, SessionStatus

_COLUMNS = (
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
_NEWS = {
    "vm_ip": "machine",
    "vnc_url": "sign in here",
    "user_code": "your code",
    "auth_url": "the machine's browser shows",
    "page_title": "page",
}
"""Field of the session → what it is to the person who reads."""
_BLANK_PAGES = {"Untitled", "about:blank"}


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
    print_one(session, output, _COLUMNS)
    _raise_unless_well(session, waited=wait)


def _follow(controller: Controller, session_id: str, output: OutputFormat) -> Row:
    """Print stages as they come; the last session seen.  Ctrl-C cancels the session on its way out."""
    seen: dict[str, Any] = {}
    try:
        for event in controller.events(f"/api/auth/session/{session_id}/events"):
            if output is OutputFormat.TABLE:
                _print_news(seen, event["session"])
            seen = event["session"]
            if seen["status"] in FINAL:
                break
    except KeyboardInterrupt:
        controller.post(f"/api/auth/session/{session_id}/cancel")
        sys.stderr.write(f"cancelled {session_id}; its machine is destroyed\n")
        raise
    return seen or controller.get(f"/api/auth/session/{session_id}")


def _print_news(before: Row, now: Row) -> None:
    if now["status"] != before.get("status"):
        print_line(f"{now['status']}")
    if now.get("queue_place") and _waiting(now) != _waiting(before):
        print_line(f"  {_waiting(now)}")
    for name, label in _NEWS.items():
        if now[name] and now[name] not in {before.get(name), *_BLANK_PAGES}:
            print_line(f"  {label}: {now[name]}")
    for notice in now["notices"][len(before.get("notices", [])) :]:
        _print_notice(notice)


def _waiting(session: Row) -> str:
    return f"place {session.get('queue_place')} in the queue: {session.get('queue_reason')}"


def _print_notice(notice: Row) -> None:
    """A tool's screen in it keeps its lines, each behind a mark: none may pass for a line of ours."""
    first, *more = notice["text"].split("\n")
    print_line(f"  note {notice['code']}: {first}")
    for line in more:
        print_line(f"    | {line}")


def _raise_unless_well(session: Row, *, waited: bool) -> None:
    if not waited or session["status"] == SessionStatus.COMPLETED:
        return
    if failure := session["failure"]:
        evidence = (
            f" Its evidence: vestibule session show {session['session_id']}."
            if failure.get("evidence")
            else ""
        )
        raise MachineFailed(failure["cause"], remedy=failure["remedy"] + evidence, code=failure["code"])
    raise SessionEnded(
        f"the session {session['session_id']} ended as {session['status']}",
        remedy=f"Start again: vestibule connect {session['provider']} --wait",
    )
