"""The real tools, installed in the golden, up to what can be reached without the internet."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from codex_lab import ACCOUNT, HOST, USER_CODE, CodexLab, serving
from controller import VESTIBULE, WITHOUT_NAMES, Controller, running
from following import follow, start

from vestibule.core.providers import IN_GOLDENS, Flow
from vestibule.core.verification import Outcome, Verification
from vestibule.drivers import providers

pytestmark = [pytest.mark.golden]

SHIPPED = Path(__file__).parents[2] / "providers"
PASTED = {"address", "question for the code", "refusal of a wrong code"}

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


def test_every_tool_of_the_golden_does_what_its_provider_file_says(verified: dict[str, Verification]) -> None:
    """Of each: its version; by each flow its address, user code, question for a code, refusal of a wrong one.

    What the shipped record says of them is what they do here; some cannot reach their provider.
    """
    loaded = providers.load([SHIPPED])
    assert set(verified) == {name for name, one in loaded.items() if one.install.method in IN_GOLDENS}
    for name, found in verified.items():
        assert [check for check in found.checks if check.outcome is Outcome.FAILED] == [], name
        assert {check.flow for check in found.checks} >= set(loaded[name].flows), name


@pytest.fixture(scope="module")
def verified(offline: Controller) -> dict[str, Verification]:
    """What the command finds, beside a controller that runs."""
    return _verify(offline, "--all")


def _verify(controller: Controller, *arguments: str) -> dict[str, Verification]:
    argv = [*WITHOUT_NAMES, VESTIBULE, "provider", "verify", *arguments, "-o", "json"]
    done = subprocess.run(argv, env=controller.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [Verification.from_mapping(row) for row in json.loads(done.stdout)]
    return {one.provider: one for one in found}


@pytest.mark.vm
@pytest.mark.usefixtures("snapshot")
def test_real_tools_do_the_same_in_emulated_machines(offline: Controller) -> None:
    """Those that an emulated processor runs in seconds; the others take their time."""
    names = ("claude-code", "codex", "gh")
    found = _verify(offline, *names, "--driver", "qemu")
    assert set(found) == set(names)
    for name, one in found.items():
        assert one.failed == (), name
    assert found["claude-code"].shortfall(Flow.PASTE) is None
    assert found["codex"].shortfall(Flow.LOOPBACK) is None


SEEN_OFFLINE = {
    "claude-code": {Flow.LOOPBACK: {"address"}, Flow.PASTE: PASTED},
    "codex": {Flow.LOOPBACK: {"address"}},
    "copilot": {Flow.LOOPBACK: {"address"}},
    "demo": {Flow.LOOPBACK: {"address"}, Flow.PASTE: PASTED, Flow.DEVICE: {"address", "user code"}},
    # Of a wrong code, Gemini asks its provider.
    "gemini-cli": {Flow.LOOPBACK: {"address"}, Flow.PASTE: PASTED - {"refusal of a wrong code"}},
    "opencode": {Flow.LOOPBACK: {"address"}},
}


@pytest.mark.parametrize("name", SEEN_OFFLINE)
def test_a_real_tool_shows_what_it_shows_without_its_provider(
    verified: dict[str, Verification], name: str
) -> None:
    passed = [check for check in verified[name].checks if check.outcome is Outcome.PASSED and check.flow]
    by_flow = {flow: {check.name for check in passed if check.flow is flow} for flow in SEEN_OFFLINE[name]}
    assert by_flow == SEEN_OFFLINE[name]


@pytest.mark.parametrize("provider", ["claude-code", "gemini-cli"])
def test_a_pasted_wrong_code_is_answered_by_the_tool_itself_within_five_seconds(
    offline: Controller, provider: str
) -> None:
    with offline.client() as client:
        session_id = start(client, provider, flow="paste")
        session = follow(client, session_id, lambda seen: bool(seen["code_asked"]))
        assert session["status"] == "awaiting_user_auth", session["failure"]
        begin = time.monotonic()
        client.post(f"/api/auth/session/{session_id}/input", json={"text": "visibly-wrong-code"})
        told = follow(client, session_id, lambda seen: "tool_error" in _codes(seen))
        assert time.monotonic() - begin < 5
        assert "tool_error" in _codes(told), told
        client.post(f"/api/auth/session/{session_id}/cancel")


def _codes(session: dict[str, Any]) -> list[str]:
    return [notice["code"] for notice in session["notices"]]


def test_a_page_out_of_reach_leaves_the_session_usable(offline: Controller) -> None:
    with offline.client() as client:
        session_id = start(client, "codex")
        session = follow(client, session_id, lambda seen: bool(seen["notices"]))
        assert session["auth_url"].startswith("https://auth.openai.com/oauth/authorize?")
        if WITHOUT_NAMES:  # else the page may load, where there is an internet
            assert _codes(session) == ["egress_unreachable"]
        assert session["status"] == "awaiting_user_auth"
        assert client.post(f"/api/auth/session/{session_id}/cancel").json()["status"] == "cancelled"


def test_a_tool_without_its_provider_says_so_and_the_session_names_the_site(offline: Controller) -> None:
    with offline.client() as client:
        session = follow(client, start(client, "gh"), lambda _: False)
    assert (session["status"], session["failure"]["code"]) == ("failed", "egress_unreachable")
    assert "github.com:443" in session["failure"]["evidence"]["sites_unreachable"]


def test_the_list_of_providers_has_the_keys_that_scripts_rely_on(offline: Controller) -> None:
    listed = {one["name"]: one for one in offline.command("provider", "list")}
    assert set(listed) == set(providers.load([SHIPPED]))
    codex = listed["codex"]
    assert (codex["version"], codex["flows"], codex["verified"]) == ("0.169.0", ["loopback", "device"], True)
    assert listed["kiro"]["verified"] is False


def test_a_tool_that_is_not_in_the_golden_is_named_with_what_to_do(offline: Controller) -> None:
    with offline.client() as client:
        listed = {one["name"]: one for one in client.get("/api/providers").json()}
        session = follow(client, start(client, "kiro"), lambda _: False)
    assert (listed["kiro"]["verified"], bool(listed["kiro"]["unverified_because"])) == (False, True)
    assert (session["status"], session["failure"]["code"]) == ("failed", "tool_missing")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[CodexLab]:
    with serving(tmp_path / "codex.sock") as started:
        yield started


@pytest.mark.parametrize("isolation", ["container", pytest.param("vm", marks=pytest.mark.vm)])
def test_the_real_codex_is_carried_through_its_device_flow(
    lab: CodexLab, tmp_path: Path, request: pytest.FixtureRequest, isolation: str
) -> None:
    request.getfixturevalue("golden" if isolation == "container" else "snapshot")
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers/codex-device.toml").write_text(DEVICE_PROVIDER)
    settings = {
        "VESTIBULE_ISOLATION": isolation,
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
