"""What the demo provider remembers: in memory, bounded, gone with the controller.

::

    request ──person agrees──→ code ──once, 60 s──→ tokens ──refresh──→ tokens ──refresh──→ …
                                                      └──────── one family ──────────────┘

A code or a refresh token that comes twice was stolen or copied: its whole family is revoked (RFC 9700, 4.14).
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

REQUEST_LIFE_S = 900
CODE_LIFE_S = 60
ACCESS_LIFE_S = 3600
REFRESH_LIFE_S = 30 * 24 * 3600
MOST_ENTRIES = 2000
"""Of each kind; the oldest makes room."""

V = TypeVar("V")


class Bounded(OrderedDict[str, V], Generic[V]):
    """A mapping that keeps the MOST_ENTRIES newest."""

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        while len(self) > MOST_ENTRIES:
            self.popitem(last=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """An authorization request that waits for the person."""

    redirect_uri: str
    challenge: str
    """SHA-256 of the code verifier, base64url (RFC 7636, method S256)."""
    state: str | None
    scope: str
    expires_at: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person agreed to."""

    account: str
    scope: str
    family: str


@dataclasses.dataclass(kw_only=True)
class _Code:
    grant: Grant
    request: Request
    expires_at: float
    used: bool = False


@dataclasses.dataclass(kw_only=True)
class _Refresh:
    grant: Grant
    expires_at: float
    used: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Access:
    grant: Grant
    expires_at: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens:
    """A fresh pair."""

    access_token: str
    refresh_token: str
    scope: str


class InvalidGrantError(Exception):
    """The code or refresh token is unknown, used, expired, revoked or not this client's; the text says so."""


class Store:
    """All of the demo provider's state; ``now`` is in seconds since 1970."""

    def __init__(self, *, now: Callable[[], float], random: Callable[[int], bytes]) -> None:
        self._now = now
        self._random = random
        self._requests: Bounded[Request] = Bounded()
        self._codes: Bounded[_Code] = Bounded()
        self._refresh: Bounded[_Refresh] = Bounded()
        self._access: Bounded[_Access] = Bounded()
        self._revoked: Bounded[bool] = Bounded()

    def _fresh(self, prefix: str) -> str:
        return prefix + base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode()

    def add_request(self, *, redirect_uri: str, challenge: str, state: str | None, scope: str) -> str:
        """Remember a request while its page is shown; its id goes into the form."""
        request_id = self._fresh("")
        self._requests[request_id] = Request(
            redirect_uri=redirect_uri,
            challenge=challenge,
            state=state,
            scope=scope,
            expires_at=self._now() + REQUEST_LIFE_S,
        )
        return request_id

    def request(self, request_id: str) -> Request | None:
        """The request of a form; None when it is unknown, answered or too old."""
        found = self._requests.get(request_id)
        return found if found is not None and found.expires_at > self._now() else None

    def deny(self, request_id: str) -> None:
        """The person said no."""
        self._requests.pop(request_id, None)

    def allow(self, request_id: str, account: str) -> str:
        """The person said yes, as ``account``: a code, good once, for CODE_LIFE_S."""
        request = self._requests.pop(request_id)
        code = self._fresh("demo-code-")
        grant = Grant(account=account, scope=request.scope, family=self._fresh("family-"))
        self._codes[code] = _Code(grant=grant, request=request, expires_at=self._now() + CODE_LIFE_S)
        return code

    def redeem_code(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        """Exchange a code.  Raises InvalidGrantError; a code that comes twice revokes what the first got."""
        found = self._codes.get(code)
        if found is None:
            raise InvalidGrantError("the code is unknown")
        if found.used:
            self._revoked[found.grant.family] = True
            raise InvalidGrantError("the code was used before; its tokens are revoked")
        found.used = True  # whatever follows: a code has one try
        if found.expires_at <= self._now():
            raise InvalidGrantError("the code has expired")
        if found.request.redirect_uri != redirect_uri:
            raise InvalidGrantError("redirect_uri is not the one of the authorization request")
        if not hmac.compare_digest(challenge_of(verifier), found.request.challenge):
            raise InvalidGrantError("code_verifier does not match the code_challenge")
        return self._issue(found.grant)

    def refresh(self, token: str) -> Tokens:
        """Rotate a refresh token.  Raises InvalidGrantError; one that comes twice revokes its family."""
        found = self._refresh.get(token)
        if found is None:
            raise InvalidGrantError("the refresh token is unknown")
        if found.used:
            self._revoked[found.grant.family] = True
            raise InvalidGrantError("the refresh token was used before; all of its family are revoked")
        if found.grant.family in self._revoked:
            raise InvalidGrantError("the refresh token is revoked")
        if found.expires_at <= self._now():
            raise InvalidGrantError("the refresh token has expired")
        found.used = True
        return self._issue(found.grant)

    def _issue(self, grant: Grant) -> Tokens:
        access, refresh, now = self._fresh("demo-at-"), self._fresh("demo-rt-"), self._now()
        self._access[access] = _Access(grant=grant, expires_at=now + ACCESS_LIFE_S)
        self._refresh[refresh] = _Refresh(grant=grant, expires_at=now + REFRESH_LIFE_S)
        return Tokens(access_token=access, refresh_token=refresh, scope=grant.scope)

    def grant_of(self, access_token: str) -> Grant | None:
        """What an access token stands for; None when unknown, expired or revoked."""
        found = self._access.get(access_token)
        if found is None or found.expires_at <= self._now() or found.grant.family in self._revoked:
            return None
        return found.grant


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636, 4.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
