from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parent.parent / "demo_tool" / "vestibule-demo"


class Provider(http.server.ThreadingHTTPServer):
    """An OAuth server that agrees at once, or refuses."""

    challenge = ""
    refuse_code = False
    called = ""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        if self.path.startswith("/.well-known/"):
            issuer = self.server.issuer
            self._answer(
                200,
                {
                    "issuer": self.server.called or issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                },
            )
        elif self.headers["Authorization"] == "Bearer fake-access":
            self._answer(200, {"sub": "ada"})
        else:
            self._answer(401, {"error": "invalid_token", "error_description": "unknown"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.server.challenge
        if self.server.refuse_code or not proven or form["code"] != "fake-code":
            self._answer(400, {"error": "invalid_grant", "error_description": "the code is spent"})
        else:
            self._answer(
                200, {"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 60}
            )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def start(provider: Provider, home: Path, *command: str) -> subprocess.Popen[str]:
    environment = {"HOME": str(home), "VESTIBULE_DEMO_ISSUER": provider.issuer, "PATH": os.environ["PATH"]}
    argv = [sys.executable, str(TOOL), *command]
    return subprocess.Popen(
        argv,
        env={**environment, "BROWSER": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def answer(provider: Provider, tool: subprocess.Popen[str], **answer: str) -> str:
    """Play the provider's redirect; the page that the tool shows."""
    assert tool.stdout is not None
    url = next(line.strip() for line in tool.stdout if line.startswith("http"))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert query["code_challenge_method"] == "S256"
    provider.challenge = query["code_challenge"]
    back = {"state": query["state"], **answer}
    try:
        with urllib.request.urlopen(f"{query['redirect_uri']}?{urllib.parse.urlencode(back)}") as page:  # noqa: S310 - our own loopback page
            return str(page.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


def test_a_sign_in_writes_the_credential(provider: Provider, tmp_path: Path) -> None:
    with start(provider, tmp_path, "login") as tool:
        assert "You are signed in" in answer(provider, tool, code="fake-code")
        tool.communicate()
    path = tmp_path / ".vestibule-demo" / "credentials.json"
    document = json.loads(path.read_text())
    assert tool.returncode == 0
    assert (document["access_token"], document["account"]) == ("fake-access", "ada")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with start(provider, tmp_path, "whoami") as tool:
        assert tool.communicate()[0] == "ada\n"


def test_a_refusal_shows_the_providers_words(provider: Provider, tmp_path: Path) -> None:
    with start(provider, tmp_path, "login") as tool:
        page = answer(provider, tool, error="access_denied", error_description="<no>")
        assert "Sign-in failed" in page
        assert "&lt;no&gt;" in page
        assert tool.stdout is not None
        assert "access_denied: <no>" in tool.stdout.read()
    assert tool.returncode == 1


def test_no_success_page_without_a_token(provider: Provider, tmp_path: Path) -> None:
    provider.refuse_code = True
    with start(provider, tmp_path, "login") as tool:
        page = answer(provider, tool, code="fake-code")
        assert "signed in" not in page
        assert "the code is spent" in page
        tool.communicate()  # or its last words meet a closed pipe
    assert tool.returncode == 1
    assert not (tmp_path / ".vestibule-demo").exists()


def test_an_answer_with_another_state_changes_nothing(provider: Provider, tmp_path: Path) -> None:
    with start(provider, tmp_path, "login") as tool:
        assert "state differs" in answer(provider, tool, state="forged", code="fake-code")
        assert tool.poll() is None
        tool.kill()


def test_a_provider_that_calls_itself_another_is_not_asked(provider: Provider, tmp_path: Path) -> None:
    provider.called = "http://other.example"
    with start(provider, tmp_path, "login") as tool:
        assert "says that it is http://other.example" in tool.communicate()[0]
    assert tool.returncode == 3


@pytest.mark.parametrize("words", [["login", "--paste", "--device"], ["whoami", "--paste"], ["logout"], []])
def test_what_it_does_not_understand_exits_with_2(
    provider: Provider, tmp_path: Path, words: list[str]
) -> None:
    with start(provider, tmp_path, *words) as tool:
        assert "usage: vestibule-demo" in tool.communicate()[0]
    assert tool.returncode == 2


@pytest.mark.parametrize("command", ["whoami", "refresh"])
def test_without_a_sign_in_there_is_nothing_to_ask(provider: Provider, tmp_path: Path, command: str) -> None:
    with start(provider, tmp_path, command) as tool:
        assert "not signed in" in tool.communicate()[0]
    assert tool.returncode == 4
