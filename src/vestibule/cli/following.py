"""A sign-in followed to its end on the command line, also while its controller is replaced."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator

from vestibule.cli.output import OutputFormat, print_line
from vestibule.client import Controller, ControllerUnreachable, Row, SessionEnded, segment
from vestibule.core.errors import MachineFailed
from vestibule.core.sessions import FINAL, SessionStatus

RETURN_S = 120.0
"""So long machines go on without their controller, unless ``orphan_life_s`` is another."""
AGAIN_S = 1.0

_NEWS = {
    "vm_ip": "machine",
    "vnc_url": "sign in here",
    "user_code": "your code",
    "auth_url": "the machine's browser shows",
    "page_title": "page",
}
"""Field of the session → what it is to the person who reads."""
_BLANK_PAGES = {"Untitled", "about:blank"}


def follow(controller: Controller, session_id: str, output: OutputFormat) -> Row:
    """Print stages as they come; the session in its final state.

    Raises ControllerUnreachable when the controller went away and did not come back within RETURN_S.
    """
    seen: Row = {}
    for session in _news(controller, session_id):
        if output is OutputFormat.TABLE:
            _print_news(seen, session)
        seen = session
    return seen


def raise_unless_well(session: Row) -> None:
    """Raise what became of a session that ended without a credential: MachineFailed or SessionEnded."""
    if session["status"] == SessionStatus.COMPLETED:
        return
    if failure := session["failure"]:
        show = f"vestibule session show {session['session_id']}"
        evidence = f" Its evidence: {show}." if failure.get("evidence") else ""
        raise MachineFailed(failure["cause"], remedy=failure["remedy"] + evidence, code=failure["code"])
    raise SessionEnded(
        f"the session {session['session_id']} ended as {session['status']}",
        remedy=f"Start again: vestibule connect {session['provider']} --wait",
    )


def _news(controller: Controller, session_id: str) -> Generator[Row]:
    """The session whenever it has changed, up to its final state, over as many streams as that takes."""
    gone_at: float | None = None
    while True:
        try:
            for event in controller.events(f"/api/auth/session/{segment(session_id)}/events"):
                gone_at = None
                yield event["session"]
                if event["session"]["status"] in FINAL:
                    return
        except ControllerUnreachable:
            pass  # as when it ended the stream: it stops, and another may come
        if gone_at is None:
            gone_at = time.monotonic()
            sys.stderr.write(
                f"the controller at {controller.url} went away; waiting {RETURN_S:.0f} s for it to come back:"
                " the sign-in may go on then\n"
            )
        if time.monotonic() - gone_at >= RETURN_S:
            raise ControllerUnreachable(
                f"the controller at {controller.url} did not come back within {RETURN_S:.0f} s",
                remedy=f"Start it with vestibule up; then: vestibule session wait {session_id}",
            )
        time.sleep(AGAIN_S)


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
