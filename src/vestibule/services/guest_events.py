"""What a guest's events mean for a session.  A guest is not trusted: what is not of the contract is named."""

from __future__ import annotations

import datetime as dt
import re

from vestibule.core import sessions as s
from vestibule.core.errors import MachineFailed
from vestibule.core.providers import Flow, Provider
from vestibule.core.redaction import redact
from vestibule_agent.protocol import Event

MAX_TITLE = 200
MAX_CODE = 64
MAX_CAUSE = 200
MAX_ERROR = 500
MAX_QUESTION = 1500
MAX_URL = 300
MAX_SIGN_IN_URL = 8192
"""Characters of an address that is passed on whole; a longer one is refused."""
MAX_OTHER_URLS = 5
MAX_SCREEN = 16_384
"""Characters of a guest's words that are kept: they are stored, and shown to a person."""


def screen_end(screen: str) -> str:
    """The end of a terminal's screen, where a tool says what went wrong."""
    return screen[-MAX_SCREEN:]


def moment(told: str) -> dt.datetime | None:
    """A time by the guest's clock; None when it is none, as no more than an explanation rests on it."""
    try:
        return dt.datetime.fromisoformat(told).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def cause(event: Event) -> str:
    """Why a credential is not valid yet.  Raises MachineFailed ``agent_mismatch``."""
    return text(event, "cause")[:MAX_CAUSE]


def notice(event: Event) -> tuple[str, str] | None:
    """Code and text of what a person should know and nothing is decided on.  Raises as ``meaning``."""
    match event.type:
        case "credential_invalid":
            return event.type, f"The tool wrote no login yet: {cause(event)}"
        case "credential_valid" if _field(event, "unverified") is not None:
            return "login_unverified", f"The tool could not confirm its login: {_short(event, 'unverified')}."
        case "tool_error":
            return event.type, f"The tool says: {text(event, 'text')[:MAX_ERROR]}"
        case "tool_waits":
            return event.type, _waiting(text(event, "screen"))
        case _:
            return None


def _waiting(screen: str) -> str:
    return (
        "The tool waits, and may be asking something. Answer it in the desktop's terminal. "
        f"On its screen:\n{screen_end(screen).strip()[-MAX_QUESTION:]}"
    )


def _short(event: Event, name: str) -> str:
    return text(event, name)[:MAX_CAUSE]


def meaning(event: Event, provider: Provider, flow: Flow | None) -> s.SessionEvent | None:
    """The event to decide on; None for one that only the log is interested in.

    Raises MachineFailed ``agent_mismatch`` when it is not of the contract.
    """
    match event.type:
        case "auth_url":
            return s.UrlSeen(url=_sign_in_url(event, provider, flow))
        case "user_code" | "code_asked" | "page":
            return _learned(event)
        case "credential_valid":
            return s.CredentialReady()
        case "tool_exited":
            screen = screen_end(text(event, "screen"))
            return s.ToolExited(exit_code=_exit_code(event), screen=screen)
        case _:
            return None


def _learned(event: Event) -> s.SessionEvent:
    match event.type:
        case "user_code":
            return s.UserCodeSeen(code=text(event, "code")[:MAX_CODE])
        case "code_asked":
            return s.CodeAsked()
        case _:
            return s.PageShown(title=redact(text(event, "title"))[:MAX_TITLE])


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


def _sign_in_url(event: Event, provider: Provider, flow: Flow | None) -> str:
    """A page makes a link of it: nothing but the provider's own address may come through."""
    url = text(event, "url")
    if len(url) > MAX_SIGN_IN_URL:
        raise _mismatch(event, f"whose url is longer than {MAX_SIGN_IN_URL} characters")
    if re.match(provider.flow(flow).url_pattern, url) is None:
        raise _mismatch(event, f"whose url is not a sign-in address of {provider.title}")
    return url


def _mismatch(event: Event, problem: str) -> MachineFailed:
    return MachineFailed(
        f"The agent sent an event {event.type!r} {problem}.",
        remedy="Rebuild the golden (vestibule golden build); if it comes back, do not trust this machine.",
        code="agent_mismatch",
    )
