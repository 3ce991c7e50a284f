"""What a state of a page is, and the constants that states are told with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from gallery import LOOKS
from playwright.sync_api import Page

TOOLS = "/dashboard/remote-cli"
SESSION = f"{TOOLS}/session"
PROBLEM = {"code": "unavailable", "cause": "The database does not answer.", "remedy": "Look into the log."}
ABSENT = {"code": "absent", "cause": "There is no such session.", "remedy": "Look at yours."}
SIGNED_OUT = {
    "code": "not_signed_in",
    "cause": "No valid sign-in came with the request.",
    "remedy": "Sign in.",
}
OPERATOR = {"user_id": "u-0011223344556677", "name": "ada", "operator": True}


def _nothing(_: Page) -> None:
    """Of a state that is there once the page is."""


@dataclasses.dataclass(frozen=True)
class Pending:
    """The API does not answer."""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """The API answers with this status and a Problem."""

    status: int
    problem: Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class State:
    """One state of one page."""

    name: str
    path: str
    """With a query where else the fragment alone would be another: then nothing is loaded."""
    shows: str
    """A text that is on the page in this state alone."""
    answers: Mapping[str, Pending | Refusal | Any] = dataclasses.field(default_factory=dict)
    """Path of the API, with a method before it or for all → what it answers in place of the fake server."""
    loading: bool = False
    """Bones stand where content will; in every other state there are none left."""
    bare: bool = False
    """With the fake server of a user who is not the operator, and who has nothing yet."""
    clicks: tuple[str, ...] = ()
    """Buttons that are pressed first."""
    does: Callable[[Page], None] = _nothing
    """What is done then."""
    copied: Mapping[str, Any] | None = None
    """What the machine tells that somebody copied in it."""
    looks: tuple[str, ...] = tuple(LOOKS)
    forgives: tuple[str, ...] = ()
    """What the console may say, because the page is about it."""

    def __str__(self) -> str:
        return self.name


def of_list(name: str, path: str, api: str, *, full: str, title: str) -> list[State]:
    """Full, loading and failed."""
    feed = {f"{api}/events": Pending()}
    return [
        State(name=name, path=path, shows=full),
        State(name=f"{name}-loading", path=path, shows=title, answers={api: Pending(), **feed}, loading=True),
        State(
            name=f"{name}-error",
            path=path,
            shows=f"{title} could not be read",
            answers={api: Refusal(503, PROBLEM), **feed},
            forgives=("status of 503",),
        ),
    ]
