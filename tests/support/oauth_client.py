"""What talks to a laboratory in tests: a client, and the person who sits before its browser."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from vestibule.laboratory.app import ISSUER, create
from vestibule.laboratory.forms import CLIENT_ID
from vestibule.laboratory.scenario import Scenario
from vestibule.laboratory.store import challenge_of

VERIFIER = "test-verifier-" + "v" * 40
REDIRECT = "http://127.0.0.1:40123/callback"
CODE_PAGE = f"{ISSUER}/code"
STATE = "st&te=1"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": REDIRECT,
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
    "state": STATE,
}

Changes = dict[str, str | None]


class Clock:
    """Stands still until it is moved, or somebody pauses."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        self.now += seconds


class Client:
    """Sends requests; a change of None leaves a parameter out."""

    def __init__(self, http: httpx.AsyncClient, clock: Clock) -> None:
        self.http = http
        self.clock = clock

    async def ask(self, **changes: str | None) -> httpx.Response:
        return await self.http.get("/authorize", params=_given(ASKED, changes))

    async def decide(
        self, decision: str = "allow", account: str = "demo", **changes: str | None
    ) -> httpx.Response:
        """Open the page and press a button."""
        form = {"request": request_id(await self.ask(**changes)), "account": account, "decision": decision}
        return await self.http.post("/authorize", data=form)

    async def code(self, account: str = "demo", **changes: str | None) -> str:
        return returned(await self.decide("allow", account, **changes))["code"]

    async def redeem(self, code: str, /, **changes: str | None) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": CLIENT_ID,
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        }
        return await self.token(form, changes)

    async def token(self, form: dict[str, str], changes: Changes) -> httpx.Response:
        return await self.http.post("/token", data=_given(form, changes))

    async def tokens(self, account: str = "demo", **changes: str | None) -> dict[str, Any]:
        """A whole sign-in."""
        answer = await self.redeem(await self.code(account, **changes))
        return dict(answer.json())

    async def refresh(self, refresh_token: str, **changes: str | None) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "refresh_token": refresh_token}
        return await self.token(form, changes)

    async def whose(self, access_token: str) -> httpx.Response:
        return await self.http.get("/userinfo", headers={"Authorization": f"Bearer {access_token}"})

    async def begin(self, **changes: str | None) -> httpx.Response:
        """Ask for a device code."""
        return await self.http.post(
            "/device_authorization", data=_given({"client_id": CLIENT_ID, "scope": "demo"}, changes)
        )

    async def device(self, **changes: str | None) -> dict[str, Any]:
        return dict((await self.begin(**changes)).json())

    async def poll(self, device: dict[str, Any], **changes: str | None) -> httpx.Response:
        form = {"grant_type": DEVICE_GRANT, "client_id": CLIENT_ID, "device_code": device["device_code"]}
        return await self.token(form, changes)

    async def type_code(self, user_code: str, **form: str) -> httpx.Response:
        """Send the device page's form; with a decision, its second."""
        return await self.http.post("/device", data={"user_code": user_code, **form})


@asynccontextmanager
async def laboratory(scenario: Scenario | None = None) -> AsyncIterator[Client]:
    """A laboratory of its own, in memory, whose clock and randomness are the test's."""
    numbers, clock = itertools.count(1), Clock()
    app = create(
        scenario=scenario,
        now=clock,
        random=lambda size: next(numbers).to_bytes(size, "big"),
        pause=clock.pause,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ISSUER) as http:
        yield Client(http, clock)


def request_id(page: httpx.Response) -> str:
    """What a consent page carries."""
    found = re.search(r'name="request" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found[1]


def returned(response: httpx.Response, to: str = REDIRECT) -> dict[str, str]:
    """What the browser takes back to the client."""
    assert response.status_code == 303, response.text
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == to
    return {key: value for key, (value,) in parse_qs(location.query, strict_parsing=True).items()}


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and name."""
    return response.status_code, response.json()["error"]


def part(jwt: str, index: int) -> dict[str, Any]:
    """Header (0) or claims (1) of a JWT, unchecked."""
    return dict(json.loads(base64url(jwt.split(".")[index])))


def base64url(text: str) -> bytes:
    """Decode, without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _given(fields: dict[str, str], changes: Changes) -> dict[str, str]:
    return {key: value for key, value in {**fields, **changes}.items() if value is not None}
