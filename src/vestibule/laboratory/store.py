"""What the laboratory remembers of code grants: in memory, bounded, gone with it.

::

    request ──person agrees──→ code ──once, soon──→ tokens ──refresh──→ tokens ──refresh──→ …
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

from vestibule.laboratory.errors import OAuthError
from vestibule.laboratory.scenario import Lives

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
class Asked:
    """An authorization request that is in order."""

    redirect_uri: str
    challenge: str
    """SHA-256 of the code verifier, base64url (RFC 7636, method S256)."""
    state: str | None
    scope: str
    nonce: str | None
    code_life_s: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person agreed to, and when, in seconds since 1970."""

    account: str
    scope: str
    agreed_at: float
    family: str


@dataclasses.dataclass(kw_only=True)
class _Code:
    grant: Grant
    asked: Asked
    expires_at: float
    used: bool = False


@dataclasses.dataclass(kw_only=True)
class _Refresh:
    grant: Grant
    expires_at: float
    used: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tokens:
    """A fresh pair."""

    access_token: str
    refresh_token: str
    scope: str
    grant: Grant
    nonce: str | None = None
    """Of the authorization request; a refresh has none (OpenID Connect Core, 12.2)."""


class Store:
    """Requests, codes and tokens; ``now`` is in seconds since 1970."""

    def __init__(
        self, *, now: Callable[[], float], random: Callable[[int], bytes], lives: Lives | None = None
    ) -> None:
        self._now = now
        self._random = random
        self._lives = lives or Lives()
        self._requests: Bounded[tuple[Asked, float]] = Bounded()
        self._answered: Bounded[bool] = Bounded()
        self._codes: Bounded[_Code] = Bounded()
        self._refresh: Bounded[_Refresh] = Bounded()
        self._access: Bounded[tuple[Grant, float]] = Bounded()
        self._revoked: Bounded[bool] = Bounded()

    def _fresh(self, prefix: str) -> str:
        return prefix + base64.urlsafe_b64encode(self._random(32)).rstrip(b"=").decode()

    def remember(self, asked: Asked) -> str:
        """Keep a request while its page is shown; its id goes into the form."""
        request_id = self._fresh("")
        self._requests[request_id] = (asked, self._now() + self._lives.request_s)
        return request_id

    def pending(self, request_id: str) -> Asked | None:
        """The request of a form; None when it is unknown, answered or too old."""
        asked, expires_at = self._requests.get(request_id, (None, 0))
        return asked if expires_at > self._now() else None

    def is_known(self, request_id: str) -> bool:
        """Whether it was made here, answered or not; none of before a restart was."""
        return request_id in self._requests or request_id in self._answered

    def deny(self, request_id: str) -> None:
        """The person said no."""
        self._requests.pop(request_id, None)
        self._answered[request_id] = True

    def allow(self, request_id: str, account: str) -> str:
        """The person said yes, as ``account``: a code, good once."""
        asked, _ = self._requests.pop(request_id)
        self._answered[request_id] = True
        code = self._fresh("demo-code-")
        expires_at = self._now() + asked.code_life_s
        self._codes[code] = _Code(grant=self.grant(account, asked.scope), asked=asked, expires_at=expires_at)
        return code

    def holds_code(self, code: str) -> bool:
        """Whether it is a code of ours."""
        return code in self._codes

    def grant(self, account: str, scope: str) -> Grant:
        """A new grant, of a family of its own."""
        return Grant(account=account, scope=scope, agreed_at=self._now(), family=self._fresh("family-"))

    def redeem_code(self, code: str, *, redirect_uri: str, verifier: str) -> Tokens:
        """Exchange a code.  Raises OAuthError; a code that comes twice revokes what the first got."""
        found = self._codes.get(code)
        if found is None:
            raise OAuthError("invalid_grant", "the code is unknown")
        if found.used:
            self._revoked[found.grant.family] = True
            raise OAuthError("invalid_grant", "the code was used before; its tokens are revoked")
        found.used = True  # whatever follows: a code has one try
        if found.expires_at <= self._now():
            raise OAuthError("invalid_grant", "the code has expired")
        if found.asked.redirect_uri != redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri is not the one of the authorization request")
        if not hmac.compare_digest(challenge_of(verifier), found.asked.challenge):
            raise OAuthError("invalid_grant", "code_verifier does not match the code_challenge")
        return self.issue(found.grant, nonce=found.asked.nonce)

    def refresh(self, token: str, scope: str | None = None) -> Tokens:
        """Rotate a refresh token.  Raises OAuthError; one that comes twice revokes its family."""
        found = self._refresh.get(token)
        if found is None:
            raise OAuthError("invalid_grant", "the refresh token is unknown")
        if found.used:
            self._revoked[found.grant.family] = True
            raise OAuthError(
                "invalid_grant", "the refresh token was used before; all of its family are revoked"
            )
        if found.grant.family in self._revoked:
            raise OAuthError("invalid_grant", "the refresh token is revoked")
        if found.expires_at <= self._now():
            raise OAuthError("invalid_grant", "the refresh token has expired")
        if scope and not set(scope.split(" ")) <= set(found.grant.scope.split(" ")):
            raise OAuthError("invalid_scope", "scope is more than the person agreed to")
        found.used = True
        return self.issue(found.grant, scope=scope)

    def issue(self, grant: Grant, *, scope: str | None = None, nonce: str | None = None) -> Tokens:
        """Make a pair; the refresh token keeps the whole scope of the grant (RFC 6749, 6)."""
        access, refresh, now = self._fresh("demo-at-"), self._fresh("demo-rt-"), self._now()
        narrowed = dataclasses.replace(grant, scope=scope or grant.scope)
        self._access[access] = (narrowed, now + self._lives.access_s)
        self._refresh[refresh] = _Refresh(grant=grant, expires_at=now + self._lives.refresh_s)
        return Tokens(
            access_token=access, refresh_token=refresh, scope=narrowed.scope, grant=grant, nonce=nonce
        )

    def grant_of(self, access_token: str) -> Grant | None:
        """What an access token stands for; None when unknown, expired or revoked."""
        grant, expires_at = self._access.get(access_token, (None, 0))
        if grant is None or expires_at <= self._now() or grant.family in self._revoked:
            return None
        return grant


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a code verifier (RFC 7636, 4.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
