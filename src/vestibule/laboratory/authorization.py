"""Authorization code with PKCE: the consent page, and the ways back to the client (RFC 6749, 7636, 8252)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vestibule.laboratory import pages
from vestibule.laboratory.errors import AUTHORIZE, REGISTER, OAuthError
from vestibule.laboratory.forms import CLIENT_ID, account_of, fields, form, needed, scope_of
from vestibule.laboratory.scenario import CODE_GRANT, Scenario
from vestibule.laboratory.store import Asked, Store

CODE_PAGE = "/code"
RESTARTED = "This provider was restarted while you read. Please decide once more."
START_AGAIN = "Start the sign-in again from the tool."

_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})/callback")
"""A loopback address and any port (RFC 8252, 7.3); ``localhost`` may mean another host (8.3): refused."""
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
"""Parameters that a provider without these features must refuse (OpenID Connect Core, 3.1.2.6)."""


class Authorization:
    """The endpoint that people see."""

    def __init__(self, *, issuer: str, store: Store, scenario: Scenario) -> None:
        self._issuer = issuer
        self._code_page = f"{issuer}{CODE_PAGE}"
        self._store = store
        self._scenario = scenario

    async def ask(self, request: Request) -> Response:
        """Show the consent page.  Errors go back to the client only where its address is beyond doubt."""
        return self._asked(request.url.query)

    def _asked(self, text: str, again: str | None = None) -> Response:
        """The consent page of an authorization request's query; ``again`` says why it is shown once more."""
        try:
            query = fields(text)
            redirect_uri = self._client_address(query)
        except OAuthError as error:
            return pages.refusal(f"{error.description}.", START_AGAIN)
        try:
            asked = self._checked(query, redirect_uri)
        except OAuthError as error:
            return self._back(redirect_uri, query.get("state"), error.fields)
        request_id = self._store.remember(asked)
        return pages.consent(request_id, query=text, redirect_uri=redirect_uri, wrong=again)

    def _client_address(self, query: Mapping[str, str]) -> str:
        """Where to send the answer.  Raises OAuthError if that cannot be trusted: it is shown, not sent."""
        if query.get("client_id") != CLIENT_ID:
            raise OAuthError("invalid_request", "The client_id of this request is not known here")
        redirect_uri = query.get("redirect_uri", "")
        found = _LOOPBACK.fullmatch(redirect_uri)
        if redirect_uri != self._code_page and (found is None or int(found[2]) > 65535):
            raise OAuthError(
                "invalid_request",
                "The redirect_uri of this request is not http://127.0.0.1:PORT/callback or [::1], "
                "nor this provider's page for codes",
            )
        return redirect_uri

    def _checked(self, query: Mapping[str, str], redirect_uri: str) -> Asked:
        """A request whose client is known, in order.  Raises OAuthError."""
        self._scenario.spoil(AUTHORIZE)
        self._scenario.authorize(CODE_GRANT)
        if needed(query, "response_type") != "code":
            raise OAuthError("unsupported_response_type", "response_type must be code")
        _refuse_unsupported(query)
        lives = self._scenario.lives
        return Asked(
            redirect_uri=redirect_uri,
            challenge=_challenge(query),
            state=query.get("state"),
            scope=scope_of(query),
            nonce=query.get("nonce"),
            code_life_s=lives.pasted_code_s if redirect_uri == self._code_page else lives.code_s,
        )

    async def answer(self, request: Request) -> Response:
        """Take the person's decision and go back to the client."""
        try:
            given = await form(request)
        except OAuthError as error:
            return pages.refusal(f"{error.description}.", START_AGAIN, status=error.status)
        query, request_id = request.url.query, given.get("request", "")
        asked = self._store.pending(request_id)
        if asked is not None:
            return self._decided(given, asked, query)
        if query and not self._store.is_known(request_id):
            return self._asked(query, again=RESTARTED)
        return pages.refusal("This page was answered before, or is too old.", START_AGAIN)

    def _decided(self, given: Mapping[str, str], asked: Asked, query: str) -> Response:
        request_id, decision, account = given["request"], given.get("decision"), account_of(given)
        if decision == "deny" or (decision == "allow" and self._scenario.deny):
            self._store.deny(request_id)
            denied = OAuthError("access_denied", "the person denied the request")
            return self._back(asked.redirect_uri, asked.state, denied.fields)
        if decision != "allow" or account is None:
            typed = given.get("account", "").strip()
            return pages.consent(
                request_id,
                query=query,
                redirect_uri=asked.redirect_uri,
                account=typed,
                wrong=wrong_form(decision),
            )
        return self._back(asked.redirect_uri, asked.state, {"code": self._store.allow(request_id, account)})

    def _back(self, redirect_uri: str, state: str | None, answer: Mapping[str, str]) -> Response:
        """Send the browser to the client; ``iss`` says who answers (RFC 9207)."""
        if self._scenario.wrong_state:
            state = "wrong-state"
        issuer = "http://other.demo.test" if self._scenario.wrong_issuer else self._issuer
        query = {**answer, **({} if state is None else {"state": state}), "iss": issuer}
        # 303: what was a POST here is a GET there.
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse(f"{redirect_uri}?{urlencode(query)}", status_code=303, headers=headers)

    async def show_code(self, request: Request) -> Response:
        """The page for a person whose tool cannot be returned to: a code to paste, or why there is none.

        Only codes of ours and registered errors are shown: nobody's link puts words on this page.
        """
        query = dict(request.query_params)
        code, error = query.get("code", ""), query.get("error", "")
        if self._store.holds_code(code):
            return pages.code(f"{code}#{query['state']}" if query.get("state") else code)
        if (AUTHORIZE, error) in REGISTER:
            return pages.refusal(f"The provider's answer is: {error}.", START_AGAIN)
        return pages.refusal("There is no code to show.", START_AGAIN)


def wrong_form(decision: str | None) -> str:
    """What to do about a consent that is neither yes nor no."""
    return "Choose Allow or Deny." if decision != "allow" else "Write a name of 1 to 64 characters."


def _refuse_unsupported(query: Mapping[str, str]) -> None:
    for name, error in _UNSUPPORTED.items():
        if name in query:
            raise OAuthError(error, f"{name} is not supported")
    if query.get("prompt") == "none":
        raise OAuthError("login_required", "nobody is signed in here before they are asked")


def _challenge(query: Mapping[str, str]) -> str:
    """The PKCE challenge, which every client must send, by S256 (RFC 7636, 4.4.1; RFC 9700, 2.1.1)."""
    if query.get("code_challenge_method") != "S256":
        raise OAuthError("invalid_request", "code_challenge_method must be S256")
    challenge = needed(query, "code_challenge")
    if not _CHALLENGE.fullmatch(challenge):
        raise OAuthError("invalid_request", "code_challenge is not the base64url of a SHA-256")
    return challenge
