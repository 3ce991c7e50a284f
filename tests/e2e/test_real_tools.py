"""The real tools, installed in the golden, up to what can be reached without the internet."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from codex_lab import ACCOUNT, HOST, USER_CODE, CodexLab, serving
from controller import WITHOUT_NAMES, Controller, running
from following import follow, start

pytestmark = [pytest.mark.golden]

DEVICE_PROVIDER = f"""
schema = 2
name = "codex-device"
title = "Codex (device)"
vendor = "OpenAI"
description = "The real Codex by its device flow, against a server of the tests."
version = "0.169.0"

[install]
method = "npm"
package = "@openai/codex"

[[login.flows]]
kind = "device"
command = [
    "codex", "login", "--device-auth",
    "--experimental_issuer", "http://{HOST}", "--experimental_client-id", "fake-client",
]
url_pattern = '^http://login\\.codex\\.test/codex/device'
user_code_pattern = '\\b([A-Z0-9]{{4}}-[A-Z0-9]{{5}})\\b'

[[login.files]]
path = "~/.codex/config.toml"
content = 'cli_auth_credentials_store = "file"'

[credential.verify]
command = ["codex", "login", "status"]
expect = "Logged in"

[[credential.files]]
path = "~/.codex/auth.json"
required = ["tokens.access_token", "tokens.refresh_token"]
account = "tokens.id_token.email"

[egress]
allow = ["{HOST}"]
"""


@pytest.fixture(scope="module")
def offline(request: pytest.FixtureRequest) -> Iterator[Controller]:
    """A controller to which no name of the internet is known."""
    request.getfixturevalue("golden")
    with running(*WITHOUT_NAMES, VESTIBULE_ISOLATION="container") as started:
        yield started


@pytest.mark.parametrize(
    ("provider", "beginning"),
    [
        ("claude-code", "https://claude.com/cai/oauth/authorize?"),
        ("codex", "https://auth.openai.com/oauth/authorize?"),
        ("gemini-cli", "https://accounts.google.com/o/oauth2/v2/auth?"),
    ],
)
def test_a_real_tool_shows_its_real_address(offline: Controller, provider: str, beginning: str) -> None:
    with offline.client() as client:
        session_id = start(client, provider)
        session = follow(client, session_id, lambda seen: seen["status"] == "awaiting_user_auth")
        assert session["status"] == "awaiting_user_auth", session["failure"]
        assert session["auth_url"].startswith(beginning)
        if WITHOUT_NAMES:  # else the page may load, where there is an internet
            session = follow(client, session_id, lambda seen: bool(seen["notices"]))
            assert [notice["code"] for notice in session["notices"]] == ["egress_unreachable"]
        assert session["status"] == "awaiting_user_auth", "an unreachable page must leave the session usable"
        assert client.post(f"/api/auth/session/{session_id}/cancel").json()["status"] == "cancelled"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[CodexLab]:
    with serving(tmp_path / "codex.sock") as started:
        yield started


@pytest.mark.usefixtures("golden")
def test_the_real_codex_is_carried_through_its_device_flow(lab: CodexLab, tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers/codex-device.toml").write_text(DEVICE_PROVIDER)
    settings = {
        "VESTIBULE_ISOLATION": "container",
        "VESTIBULE_PROVIDERS_DIR": str(tmp_path / "providers"),
        "VESTIBULE_INTERNAL_SITES": json.dumps({HOST: str(tmp_path / "codex.sock")}),
    }
    with running(**settings) as controller, controller.client() as client:
        session = follow(client, start(client, "codex-device"), lambda _: False)
        assert session["status"] == "completed", session["failure"]
        assert session["user_code"] == USER_CODE
        assert lab.page_opened.is_set()
        files = client.post(f"/api/credentials/{session['credential_id']}/export").json()["files"]
    assert files[0]["path"] == "~/.codex/auth.json"
    tokens = json.loads(base64.b64decode(files[0]["content"]))["tokens"]
    assert tokens["refresh_token"] == "fake-refresh-token"
    assert tokens["account_id"] == ACCOUNT
