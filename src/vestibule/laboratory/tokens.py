"""What programs ask for: tokens, the keys to check them with, whose they are, where everything is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from vestibule.laboratory.answers import bearer_error, error_answer, json_answer
from vestibule.laboratory.devices import Devices
from vestibule.laboratory.errors import TOKEN, USERINFO, OAuthError
from vestibule.laboratory.forms import authenticate, form, needed
from vestibule.laboratory.identity import Signer, id_claims, person
from vestibule.laboratory.scenario import CODE_GRANT, DEVICE_GRANT, REFRESH_GRANT, Scenario
from vestibule.laboratory.store import Grant, Store, Tokens

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenEndpoint:
    """Exchanges what a person's agreement became for tokens."""

    def __init__(
        self,
        *,
        issuer: str,
        store: Store,
        devices: Devices,
        signer: Signer,
        scenario: Scenario,
        now: Callable[[], float],
    ) -> None:
        self._issuer = issuer
        self._store = store
        self._devices = devices
        self._signer = signer
        self._scenario = scenario
        self._now = now

    async def answer(self, request: Request) -> Response:
        """Exchange a code, a refresh token or a device code (RFC 6749, 4.1.3 and 6; RFC 8628, 3.4)."""
        try:
            given = await form(request)
            self._scenario.spoil(TOKEN)
            kind = needed(given, "grant_type")
            authenticate(request, given)
            return json_answer(await self._described(self._exchanged(kind, given)))
        except OAuthError as error:
            return error_answer(error, request)

    def _exchanged(self, kind: str, given: Mapping[str, str]) -> Tokens:
        exchange = {
            CODE_GRANT: self._of_code,
            REFRESH_GRANT: self._of_refresh,
            DEVICE_GRANT: self._of_device,
        }.get(kind)
        if exchange is None:
            raise OAuthError("unsupported_grant_type", "grant_type is none that this provider has")
        self._scenario.authorize(kind)
        return exchange(given)

    def _of_code(self, given: Mapping[str, str]) -> Tokens:
        code, redirect_uri = needed(given, "code"), needed(given, "redirect_uri")
        return self._store.redeem_code(code, redirect_uri=redirect_uri, verifier=_verifier(given))

    def _of_refresh(self, given: Mapping[str, str]) -> Tokens:
        return self._store.refresh(needed(given, "refresh_token"), given.get("scope"))

    def _of_device(self, given: Mapping[str, str]) -> Tokens:
        return self._store.issue(self._devices.poll(needed(given, "device_code")))

    async def _described(self, tokens: Tokens) -> dict[str, object]:
        """RFC 6749, 5.1; with an id token where the scope asks for one (OpenID Connect Core, 3.1.3.3)."""
        life_s = self._scenario.lives.access_s
        document = {
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": life_s,
            "refresh_token": tokens.refresh_token,
            "scope": tokens.scope,
        }
        if "openid" not in tokens.scope.split(" "):
            return document
        claims = id_claims(tokens, issuer=self._issuer, now=self._now(), life_s=life_s)
        return {**document, "id_token": await self._signer.sign(claims)}


def _verifier(given: Mapping[str, str]) -> str:
    verifier = needed(given, "code_verifier")
    if not _VERIFIER.fullmatch(verifier):
        raise OAuthError("invalid_request", "code_verifier is not 43 to 128 unreserved characters")
    return verifier


class UserInfo:
    """Whose access token it is (OpenID Connect Core, 5.3; RFC 6750)."""

    def __init__(self, *, store: Store, scenario: Scenario) -> None:
        self._store = store
        self._scenario = scenario

    async def answer(self, request: Request) -> Response:
        """Tell, or refuse as a protected resource does."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if "access_token" not in request.query_params and (scheme.lower() != "bearer" or not token.strip()):
            return bearer_error(None)
        try:
            self._scenario.spoil(USERINFO)
            grant = self._granted(request, token.strip())
        except OAuthError as error:
            return bearer_error(error)
        return json_answer({**person(grant), "account": grant.account})

    def _granted(self, request: Request, token: str) -> Grant:
        if "access_token" in request.query_params:
            raise OAuthError("invalid_request", "a token in an address ends up in logs: use a header")
        grant = self._store.grant_of(token)
        if grant is None:
            raise OAuthError("invalid_token", "the access token is unknown, expired or revoked")
        if not {"demo", "openid"} & set(grant.scope.split(" ")):
            raise OAuthError("insufficient_scope", "userinfo needs the scope demo or openid")
        return grant
