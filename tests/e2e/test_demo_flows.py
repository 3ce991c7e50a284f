"""The demo by each of its flows, in machines; a person's own browser is played over HTTP."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from controller import Controller, running
from following import follow, start

from vestibule.laboratory.app import HOST

pytestmark = [pytest.mark.golden]

SECONDS_TO_A_REFUSAL = 5.0


@pytest.fixture(params=["container", pytest.param("vm", marks=pytest.mark.vm)], scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[Controller]:
    """A controller that runs containers, and one that runs virtual machines."""
    request.getfixturevalue("golden" if request.param == "container" else "snapshot")
    with running(VESTIBULE_ISOLATION=request.param) as controller:
        yield controller


class OwnBrowser:
    """A person's browser outside of the machine."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def code(self, address: str) -> str:
        """Allow on the sign-in page; the code that the next page shows."""
        request = _field(self._client.get(address).text, "request")
        page = self._allow("/authorize", request=request)
        found = re.search(r"<output[^>]*>([^<]+)</output>", page)
        assert found is not None, page
        return found[1]

    def type_code(self, user_code: str) -> None:
        """Type a device's code on the provider's page, and allow."""
        page = self._client.post("/device", data={"user_code": user_code}).text
        self._allow("/device", user_code=_field(page, "user_code"))

    def _allow(self, path: str, **fields: str) -> str:
        answer = self._client.post(path, data={**fields, "account": "ann", "decision": "allow"})
        assert answer.status_code == 200, answer.text
        return answer.text


@contextlib.contextmanager
def own_browser(controller: Controller) -> Iterator[OwnBrowser]:
    """Reaches the demo's provider as the egress proxy does."""
    transport = httpx.HTTPTransport(uds=str(controller.folder / "run/demo.sock"))
    with httpx.Client(base_url=f"http://{HOST}", transport=transport, follow_redirects=True) as client:
        yield OwnBrowser(client)


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def sealed(client: httpx.Client, session: dict[str, Any]) -> dict[str, Any]:
    """What the vault has of a session that must have ended well."""
    assert session["status"] == "completed", session["failure"]
    exported = client.post(f"/api/credentials/{session['credential_id']}/export").json()
    login: dict[str, Any] = json.loads(base64.b64decode(exported["files"][0]["content"]))
    return login


def test_a_pasted_code_signs_in_and_a_wrong_one_is_answered_by_the_tool_itself(started: Controller) -> None:
    with started.client() as client:
        session_id = start(client, "demo", flow="paste")
        session = follow(client, session_id, lambda seen: bool(seen["code_asked"]))
        assert (session["status"], session["flow"]) == ("awaiting_user_auth", "paste"), session["failure"]
        begin = time.monotonic()
        client.post(f"/api/auth/session/{session_id}/input", json={"text": "wrong-code"})
        refused = follow(client, session_id, lambda seen: bool(seen["notices"]))
        assert time.monotonic() - begin < SECONDS_TO_A_REFUSAL
        assert [(told["code"], "invalid_grant" in told["text"]) for told in refused["notices"]] == [
            ("tool_error", True)
        ]
        with own_browser(started) as browser:
            code = browser.code(session["auth_url"])
        client.post(f"/api/auth/session/{session_id}/input", json={"text": code})
        login = sealed(client, follow(client, session_id, lambda _: False))
    assert (login["account"], login["access_token"].startswith("demo-at-")) == ("ann", True)


def test_a_typed_device_code_signs_in(started: Controller) -> None:
    with started.client() as client:
        session_id = start(client, "demo", flow="device")
        session = follow(client, session_id, lambda seen: bool(seen["user_code"] and seen["auth_url"]))
        assert (session["auth_url"], session["flow"]) == (f"http://{HOST}/device", "device")
        with own_browser(started) as browser:
            browser.type_code(session["user_code"])
        assert sealed(client, follow(client, session_id, lambda _: False))["account"] == "ann"


def test_a_flow_that_a_tool_has_not_is_refused_with_those_that_it_has(started: Controller) -> None:
    with started.client() as client:
        answer = client.post("/api/vm/auth", json={"provider": "gemini-cli", "flow": "device"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_flow")
    assert answer.json()["remedy"].startswith("Use one of: ")
