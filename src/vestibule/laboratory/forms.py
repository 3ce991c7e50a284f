"""What clients and pages send: form-encoded fields, each once, of bounded size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from vestibule.laboratory.errors import OAuthError

CLIENT_ID = "vestibule-demo"
"""The one client; it is public: it runs on people's machines and could keep no secret (RFC 8252, 8.4)."""
SCOPES = frozenset({"demo", "openid", "profile", "offline_access"})
DEFAULT_SCOPE = "demo"
MAX_FORM_BYTES = 8192

_ACCOUNT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")


def fields(text: str) -> dict[str, str]:
    """Form fields; one that is repeated is refused (RFC 6749, 3.1)."""
    if len(text) > MAX_FORM_BYTES:
        raise OAuthError("invalid_request", "The request is too long", 413)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError as error:
        raise OAuthError("invalid_request", "The request is not form-encoded UTF-8") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise OAuthError("invalid_request", "A parameter of the request is repeated")
    return found


async def form(request: Request) -> dict[str, str]:
    """The fields of a body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "The body must be application/x-www-form-urlencoded", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise OAuthError("invalid_request", "The request is too long", 413)
    return fields(body.decode("latin-1"))


def needed(given: Mapping[str, str], name: str) -> str:
    """A field that must be there; one without a value counts as left out (RFC 6749, 3.1)."""
    if not given.get(name):
        raise OAuthError("invalid_request", f"{name} is missing")
    return given[name]


def scope_of(given: Mapping[str, str]) -> str:
    """The scope that is asked for, or the default (RFC 6749, 3.3)."""
    scope = given.get("scope") or DEFAULT_SCOPE
    if not set(scope.split(" ")) <= SCOPES:
        raise OAuthError("invalid_scope", f"scope is made of: {' '.join(sorted(SCOPES))}")
    return scope


def authenticate(request: Request, given: Mapping[str, str]) -> None:
    """Raise OAuthError unless it is the one public client, which has no secret to show (RFC 6749, 3.2.1)."""
    if "authorization" in request.headers or "client_secret" in given:
        raise OAuthError("invalid_client", "this client is public and has no secret")
    if needed(given, "client_id") != CLIENT_ID:
        raise OAuthError("invalid_client", "client_id is not a client of this provider")


def account_of(given: Mapping[str, str]) -> str | None:
    """The account that was typed; None when it is no name."""
    account = given.get("account", "").strip()
    return account if _ACCOUNT.fullmatch(account) else None
