"""The demo provider's endpoints: authorization code with PKCE, one public client (RFC 6749, 7636, 8252)."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vestibule.laboratory import pages
from vestibule.laboratory.store import ACCESS_LIFE_S, InvalidGrantError, Store, Tokens

HOST = "login.demo.test"
ISSUER = f"http://{HOST}"
CLIENT_ID = "vestibule-demo"
SCOPES = frozenset({"demo", "openid", "profile", "offline_access"})
MAX_FORM_BYTES = 8192

_REDIRECT = re.compile(r"http://(127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback")
"""A loopback address and any port (RFC 8252, 7.3); ``localhost`` may mean another host (8.3)."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_ACCOUNT = re.compile(r"[^\x00-\x1f\x7f]{1,64}")
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def create(
    *,
    issuer: str = ISSUER,
    now: Callable[[], float] = time.time,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Starlette:
    """Make the app; its state lives and ends with it."""
    provider = _Provider(issuer, Store(now=now, random=random))
    return Starlette(
        routes=[
            Route("/.well-known/oauth-authorization-server", provider.metadata),
            Route("/authorize", provider.ask, methods=["GET"]),
            Route("/authorize", provider.answer, methods=["POST"]),
            Route("/token", provider.token, methods=["POST"]),
            Route("/userinfo", provider.userinfo),
        ]
    )


class _OAuthError(Exception):
    """An error by its registered name (RFC 6749, 4.1.2.1 and 5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


class _Provider:
    def __init__(self, issuer: str, store: Store) -> None:
        self._issuer = issuer
        self._store = store

    async def metadata(self, _: Request) -> Response:
        """RFC 8414."""
        return JSONResponse(
            {
                "issuer": self._issuer,
                "authorization_endpoint": f"{self._issuer}/authorize",
                "token_endpoint": f"{self._issuer}/token",
                "userinfo_endpoint": f"{self._issuer}/userinfo",
                "scopes_supported": sorted(SCOPES),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def ask(self, request: Request) -> Response:
        """Show the consent page.  Errors go back to the client only where its address is beyond doubt."""
        try:
            query = _fields(request.url.query)
            redirect_uri = _client_address(query)
        except _OAuthError as error:
            return pages.refusal(f"{error.description}.", "Start the sign-in again from the tool.")
        try:
            challenge, scope = _checked(query)
        except _OAuthError as error:
            return self._back(redirect_uri, query.get("state"), _described(error))
        request_id = self._store.add_request(
            redirect_uri=redirect_uri, challenge=challenge, state=query.get("state"), scope=scope
        )
        return pages.consent(request_id, redirect_uri=redirect_uri)

    async def answer(self, request: Request) -> Response:
        """Take the person's decision and go back to the client."""
        try:
            form = await _form(request)
        except _OAuthError as error:
            return pages.refusal(f"{error.description}.", "Start again from the tool.", status=error.status)
        request_id, decision = form.get("request", ""), form.get("decision")
        pending = self._store.request(request_id)
        if pending is None:
            return pages.refusal(
                "This page was answered before, or is too old.", "Start the sign-in again from the tool."
            )
        if decision == "deny":
            self._store.deny(request_id)
            denied = _described(_OAuthError("access_denied", "the person denied the request"))
            return self._back(pending.redirect_uri, pending.state, denied)
        account = form.get("account", "").strip()
        if decision != "allow" or not _ACCOUNT.fullmatch(account):
            wrong = "Choose Allow or Deny." if decision != "allow" else "Write a name of 1 to 64 characters."
            return pages.consent(request_id, redirect_uri=pending.redirect_uri, account=account, wrong=wrong)
        code = self._store.allow(request_id, account)
        return self._back(pending.redirect_uri, pending.state, {"code": code})

    def _back(self, redirect_uri: str, state: str | None, fields: Mapping[str, str]) -> Response:
        """Send the browser to the client; ``iss`` says who answers (RFC 9207)."""
        query = {**fields, **({} if state is None else {"state": state}), "iss": self._issuer}
        # 303: what was a POST here is a GET there.
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(f"{redirect_uri}?{urlencode(query)}", status_code=303, headers=headers)

    async def token(self, request: Request) -> Response:
        """Exchange a code or a refresh token (RFC 6749, 4.1.3 and 6)."""
        try:
            return _token_answer(self._exchange(await _form(request)))
        except _OAuthError as error:
            return JSONResponse(_described(error), status_code=error.status, headers=_NO_STORE)
        except InvalidGrantError as error:
            failed = _OAuthError("invalid_grant", str(error))
            return JSONResponse(_described(failed), status_code=failed.status, headers=_NO_STORE)

    def _exchange(self, form: Mapping[str, str]) -> Tokens:
        kind = _needed(form, "grant_type")
        if _needed(form, "client_id") != CLIENT_ID:
            raise _OAuthError("invalid_client", "client_id is not a client of this provider", 401)
        match kind:
            case "authorization_code":
                return self._store.redeem_code(
                    _needed(form, "code"),
                    redirect_uri=_needed(form, "redirect_uri"),
                    verifier=_verifier(form),
                )
            case "refresh_token":
                return self._store.refresh(_needed(form, "refresh_token"))
            case _:
                raise _OAuthError(
                    "unsupported_grant_type", "grant_type is neither authorization_code nor refresh_token"
                )

    async def userinfo(self, request: Request) -> Response:
        """Whose access token it is (RFC 6750)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Response(status_code=401, headers={"WWW-Authenticate": 'Bearer realm="demo"'})
        grant = self._store.grant_of(token.strip())
        if grant is None:
            challenge = 'Bearer realm="demo", error="invalid_token"'
            return JSONResponse(
                _described(_OAuthError("invalid_token", "the access token is unknown, expired or revoked")),
                status_code=401,
                headers={"WWW-Authenticate": challenge, **_NO_STORE},
            )
        return JSONResponse(
            {"sub": f"demo|{grant.account}", "preferred_username": grant.account, "account": grant.account},
            headers=_NO_STORE,
        )


def _client_address(query: Mapping[str, str]) -> str:
    """Where to send the answer.  Raises _OAuthError when that cannot be trusted: it is shown, not sent."""
    if query.get("client_id") != CLIENT_ID:
        raise _OAuthError("invalid_request", "The client_id of this request is not known here")
    redirect_uri = query.get("redirect_uri", "")
    found = _REDIRECT.fullmatch(redirect_uri)
    if found is None or int(found[2]) > 65535:
        raise _OAuthError(
            "invalid_request",
            "The redirect_uri of this request is not http://127.0.0.1:PORT/callback or [::1]",
        )
    return redirect_uri


def _checked(query: Mapping[str, str]) -> tuple[str, str]:
    """Challenge and scope of a request whose client is known."""
    if _needed(query, "response_type") != "code":
        raise _OAuthError("unsupported_response_type", "response_type must be code")
    if query.get("code_challenge_method") != "S256":
        raise _OAuthError("invalid_request", "code_challenge_method must be S256")
    challenge = _needed(query, "code_challenge")
    if not _CHALLENGE.fullmatch(challenge):
        raise _OAuthError("invalid_request", "code_challenge is not the base64url of a SHA-256")
    scope = query.get("scope") or "demo"
    if not set(scope.split(" ")) <= SCOPES:
        raise _OAuthError("invalid_scope", f"scope is made of: {' '.join(sorted(SCOPES))}")
    return challenge, scope


def _verifier(form: Mapping[str, str]) -> str:
    verifier = _needed(form, "code_verifier")
    if not _VERIFIER.fullmatch(verifier):
        raise _OAuthError("invalid_request", "code_verifier is not 43 to 128 unreserved characters")
    return verifier


def _needed(fields: Mapping[str, str], name: str) -> str:
    if not fields.get(name):
        raise _OAuthError("invalid_request", f"{name} is missing")
    return fields[name]


def _described(error: _OAuthError) -> dict[str, str]:
    return {"error": error.error, "error_description": error.description}


def _token_answer(tokens: Tokens) -> Response:
    return JSONResponse(
        {
            "access_token": tokens.access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_LIFE_S,
            "refresh_token": tokens.refresh_token,
            "scope": tokens.scope,
        },
        headers=_NO_STORE,
    )


def _fields(text: str) -> dict[str, str]:
    """Form fields; one that is repeated is refused (RFC 6749, 3.1)."""
    if len(text) > MAX_FORM_BYTES:
        raise _OAuthError("invalid_request", "The request is too long", 413)
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError as error:
        raise _OAuthError("invalid_request", "The request is not form-encoded UTF-8") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _OAuthError("invalid_request", "A parameter of the request is repeated")
    return fields


async def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _OAuthError("invalid_request", "The body must be application/x-www-form-urlencoded", 415)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise _OAuthError("invalid_request", "The request is too long", 413)
    return _fields(body.decode("latin-1"))
