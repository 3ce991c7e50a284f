"""The double that the real Codex signs in to: its own dialect of the device flow, as seen on the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from codex_lab import ACCOUNT, USER_CODE, VERIFIER, CodexLab
from oauth_client import part

pytestmark = pytest.mark.anyio

DEVICE = {"device_auth_id": "fake-device", "user_code": USER_CODE}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=CodexLab().app)
    async with httpx.AsyncClient(transport=transport, base_url="http://login.codex.test") as client:
        yield client


async def test_the_person_must_have_seen_the_page(http: httpx.AsyncClient) -> None:
    started = (await http.post("/api/accounts/deviceauth/usercode", json={"client_id": "fake"})).json()
    assert started == {**DEVICE, "interval": "1"}
    assert (await http.post("/api/accounts/deviceauth/token", json=DEVICE)).status_code == 403


async def test_the_tokens_name_the_account(http: httpx.AsyncClient) -> None:
    await http.get("/codex/device")
    agreed = (await http.post("/api/accounts/deviceauth/token", json=DEVICE)).json()
    form = {"code": agreed["authorization_code"], "code_verifier": agreed["code_verifier"]}
    tokens = (await http.post("/oauth/token", data=form)).json()
    claims = part(tokens["access_token"], 1)["https://api.openai.com/auth"]
    assert claims["chatgpt_account_id"] == ACCOUNT


async def test_a_wrong_code_gets_nothing(http: httpx.AsyncClient) -> None:
    form = {"code": "fake-wrong-code", "code_verifier": VERIFIER}
    assert (await http.post("/oauth/token", data=form)).status_code == 400
