"""A sign-in over HTTP by a pasted code, with a person who does their part when it is their turn."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
from controller import Controller
from following import FINAL, follow, start

from vestibule.drivers.demo_person import DemoPerson
from vestibule.laboratory.app import HOST


def begin(client: httpx.Client) -> str:
    """Start one; its id."""
    return start(client, "demo", flow="paste")


def path(session_id: str) -> str:
    return f"/api/auth/session/{session_id}"


def awaiting(client: httpx.Client, session_id: str) -> dict[str, Any]:
    """The session once the tool waits for the code."""
    session = follow(client, session_id, lambda now: bool(now["code_asked"] and now["auth_url"]))
    assert session["status"] == "awaiting_user_auth", session
    return session


def paste(controller: Controller, client: httpx.Client, session: dict[str, Any]) -> None:
    """Allow on the provider's page, and type the code that it shows."""
    with DemoPerson(controller.folder / "run/demo.sock", HOST) as person:
        code = person.code(session["auth_url"])
    answer = client.post(f"{path(session['session_id'])}/input", json={"text": code})
    assert answer.status_code == 200, answer.text


def carried_on(controller: Controller, client: httpx.Client, session_id: str) -> dict[str, Any]:
    """The session at its end; its person is there if it waits for them."""
    session = follow(client, session_id, lambda now: bool(now["code_asked"] and now["auth_url"]))
    if session["status"] == "awaiting_user_auth":
        paste(controller, client, session)
    return follow(client, session_id, lambda _: False) if session["status"] not in FINAL else session


def account_in(client: httpx.Client, session: dict[str, Any]) -> str:
    """Whose login the vault gives back."""
    exported = client.post(f"/api/credentials/{session['credential_id']}/export")
    assert exported.status_code == 200, exported.text
    login: dict[str, str] = json.loads(base64.b64decode(exported.json()["files"][0]["content"]))
    return login["account"]


def sign_in(controller: Controller, client: httpx.Client) -> dict[str, Any]:
    """A whole one, that must end well."""
    session = carried_on(controller, client, begin(client))
    assert session["status"] == "completed", session["failure"]
    assert account_in(client, session) == "soak"
    return session
