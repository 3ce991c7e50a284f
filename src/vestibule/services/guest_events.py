"""What a guest's events mean for a session.  A guest is not trusted: what is not of the contract is named."""

from __future__ import annotations

import re

from vestibule.core import sessions as s
from vestibule.core.errors import MachineFailed
from vestibule.core.providers import Provider
from vestibule_agent.protocol import Event

MAX_TITLE = 200
MAX_CODE = 64
MAX_CAUSE = 200
MAX_SCREEN = 16_384
"""Characters of a guest's words that are kept: they are stored, and shown to a person."""


def screen_end(screen: str) -> str:
    """The end of a terminal's screen, where a tool says what went wrong."""
    return screen[-MAX_SCREEN:]


def cause(event: Event) -> str:
    """Why a credential is not valid yet.  Raises MachineFailed ``agent_mismatch``."""
    return text(event, "cause")[:MAX_CAUSE]


def meaning(event: Event, provider: Provider) -> s.SessionEvent | None:
    """The event to decide on; None for one that only the log is interested in.

    Raises MachineFailed ``agent_mismatch`` when it is not of the contract.
    """
    match event.type:
        case "auth_url":
            return s.UrlSeen(url=_sign_in_url(event, provider))
        case "user_code":
            return s.UserCodeSeen(code=text(event, "code")[:MAX_CODE])
        case "page":
            return s.PageShown(title=text(event, "title")[:MAX_TITLE])
        case "credential_valid":
            return s.CredentialReady()
        case "tool_exited":
            screen = screen_end(text(event, "screen"))
            return s.ToolExited(exit_code=_exit_code(event), screen=screen)
        case _:
            return None


def text(event: Event, name: str) -> str:
    """A field that must be a text.  Raises MachineFailed ``agent_mismatch``."""
    value = _field(event, name)
    if not isinstance(value, str):
        raise _mismatch(event, f"whose {name} is not a text")
    return value


def _field(event: Event, name: str) -> object:
    data: object = event.data  # declared a mapping, but decoded from what a guest sent
    return data.get(name) if isinstance(data, dict) else None


def _exit_code(event: Event) -> int:
    value = _field(event, "exit_code")
    if not isinstance(value, int):
        raise _mismatch(event, "whose exit_code is not a number")
    return value


def _sign_in_url(event: Event, provider: Provider) -> str:
    """A page makes a link of it: nothing but the provider's own address may come through."""
    url = text(event, "url")
    if re.match(provider.login.url_pattern, url) is None:
        raise _mismatch(event, f"whose url is not a sign-in address of {provider.title}")
    return url


def _mismatch(event: Event, problem: str) -> MachineFailed:
    return MachineFailed(
        f"The agent sent an event {event.type!r} {problem}.",
        remedy="Rebuild the golden (vestibule golden build); if it comes back, do not trust this machine.",
        code="agent_mismatch",
    )
