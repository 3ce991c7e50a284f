"""``vestibule session share``, ``shares``, ``unshare``: let somebody without an account watch a sign-in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vestibule.cli.controller import Url, connect
from vestibule.cli.output import Output, OutputFormat, moment, print_done, print_line, print_rows
from vestibule.client import Controller, segment

_COLUMNS = ("link_id", "created_at", "expires_at", "ended_at", "end")
WARNING = (
    "Whoever has this link sees the desktop as you do: codes, addresses and account names that pages and the"
    " terminal show, and what you type where it is not hidden. They cannot type, click or copy."
)

Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=1 / 6, max=1440, help="How long it is good; the settings have a maximum."),
]


def share(
    session_id: str, minutes: Minutes = None, url: Url = None, output: Output = OutputFormat.TABLE
) -> None:
    """Make a link that shows a session's desktop to whoever has it, to look at, for a while."""
    seconds = None if minutes is None else round(60 * minutes)
    with connect(url) as controller:
        link = controller.post(_path(session_id), {"seconds": seconds})
    print_done(link, f"{link['url']}\ngood until {moment(link['expires_at'])}", output)
    if output is OutputFormat.TABLE:
        print(WARNING, file=sys.stderr)


def shares(session_id: str, url: Url = None, output: Output = OutputFormat.TABLE) -> None:
    """The links to watch a session, newest first; those that are over too."""
    with connect(url) as controller:
        print_rows(_links(controller, session_id), _COLUMNS, output)


def unshare(
    session_id: str,
    link_id: Annotated[str | None, typer.Argument(help="One link; without it, all of the session's.")] = None,
    url: Url = None,
    output: Output = OutputFormat.TABLE,
) -> None:
    """Take back the links to watch a session; who watches is cut off at once."""
    with connect(url) as controller:
        good = [link["link_id"] for link in _links(controller, session_id) if link["end"] is None]
        ended = [
            controller.delete(f"{_path(session_id)}/{name}") for name in ([link_id] if link_id else good)
        ]
    if output is OutputFormat.TABLE and not ended:
        print_line("There were none.")
    else:
        print_rows(ended, _COLUMNS, output)


def _path(session_id: str) -> str:
    return f"/api/auth/session/{segment(session_id)}/view-links"


def _links(controller: Controller, session_id: str) -> list[dict[str, object]]:
    return list(controller.get(_path(session_id))["links"])
