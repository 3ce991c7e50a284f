"""No secret is left in what is kept, and nothing else is lost."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vestibule.core.redaction import HIDDEN, redact, redact_log, redact_screen

SECRET = "visibly-Fake0secret_0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
MARKED = "sk-ant-oat01-visiblyFAKE0123"

KEPT = [
    "The tool ended with exit code 127; restart 3 in 0.4 s",
    "vestibule-desktop: chromium ended: exit code -9; restart 2 in 0.8 s",
    "golden g-ee7930c91a7cb8b8, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "https://claude.ai/oauth/authorize?client_id=9d1c250a&response_type=code",
    "Error: getaddrinfo EAI_AGAIN api.example.com at /opt/vestibule/tools/node_modules/x/y.js:12:34",
    "2026-11-30T00:53:31Z [ 5.123456] systemd[1]: Started vestibule-desktop.service",
    "The token was refused: invalid_grant. token: invalid_grant, access_token=expired_token",
    "Check the code: it is wrong. The state: unknown. tokens.refresh_token is missing or empty",
    "the code is unknown; the password is required; status code: 404; error code: ECONNREFUSED",
    "Enter the code at https://login2.example.com/device",
    "https://example.com/authorize?response_type=code&redirect_uri=http://127.0.0.1:1455/callback",
    "",
]
"""Helps to understand a failure, and is no secret."""

TOLD = {
    "a parameter": f"GET /callback?code={SECRET}&client_id=x",
    "a fragment": f"https://example.com/done#access_token={SECRET}",
    "state": f"http://localhost:1455/?error=x&state={SECRET}",
    "userinfo": f"https://person:{SECRET}@example.com/x",
    "a header": f"Authorization: Basic {SECRET}",
    "a cookie": f"Set-Cookie: sid={SECRET}; Path=/",
    "a bearer": f"curl -H 'authorization: bearer {SECRET}'",
    "bearer in prose": f"sent Bearer {SECRET} and was refused",
    "JSON": f'{{"refresh_token": "{SECRET}", "x": 1}}',
    "an environment": f"ANTHROPIC_API_KEY={SECRET}",
    "TOML": f"client_secret = '{SECRET}'",
    "prose": f"Your access token: {SECRET}",
    "a password": f"password={SECRET}",
    "a code": f"Enter the code: {SECRET}",
    "a code that is": f"your one-time code is {SECRET}",
    "a code behind the question for it": f"Paste the code here: {SECRET}",
    "a code behind a prompt": f"Paste code here if prompted > {SECRET}",
    "a password in prose": f"the password is {SECRET}",
    "a Grafana token": f"glsa_{SECRET}",
    "a web token": f"eyJhbGciOiJub25l.{SECRET}.c2ln",
    "a GitHub token": f"ghp_{SECRET}",
    "a key block": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----",
    "a key block without an end": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n",
    "a word of a path": f"GET /callback/{SECRET}{SECRET} HTTP/1.1",
    "a word behind a dot": f"key.{SECRET}{SECRET}",
    "a long word": f"it printed {SECRET}{SECRET} and ended",
}


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text
    assert redact_screen(text) == text


@pytest.mark.parametrize("text", TOLD.values(), ids=TOLD)
def test_what_looks_like_a_secret_goes(text: str) -> None:
    for hidden in (redact(text), redact_screen(text)):
        assert SECRET not in hidden
        assert HIDDEN in hidden
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("text", ["code=ABCD-1234&x", "device code: WXYZ-98765", MARKED])
def test_a_short_code_goes_too(text: str) -> None:
    assert HIDDEN in redact(text)


@given(
    secret=st.text(LETTERS, min_size=12, max_size=200),
    name=st.sampled_from(["code", "state", "access_token", "client_secret", "session_key"]),
    width=st.integers(40, 120),
    before=st.text(
        st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    ),
)
@example(secret="AAAAAAAAAAAA0a", name="code", width=40, before="x" * 37)
def test_a_parameter_goes_however_the_terminal_wraps_it(
    secret: str, name: str, width: int, before: str
) -> None:
    assume(secret not in before)
    line = f"{before} https://login.example.com/authorize?client_id=x&{name}={secret}"
    wrapped = "\n".join(line[start : start + width] for start in range(0, len(line), width))
    assert secret not in redact_screen(f"$ login\n{wrapped}\nWaiting.\n").replace("\n", "")
    assert secret not in redact(line)


@pytest.mark.parametrize("frame", "│┃|║▏▕")
def test_a_parameter_goes_inside_of_a_frame(frame: str) -> None:
    url = f"https://login.example.com/authorize?state={SECRET}"
    lines = [f"{frame} {part:<30} {frame}" for part in textwrap.wrap(url, 30, break_on_hyphens=False)]
    hidden = redact_screen("\n".join([*lines, "Waiting."]))
    assert len(lines) > 2
    assert not any(SECRET[start : start + 8] in hidden for start in range(len(SECRET) - 8))
    assert hidden.endswith("\nWaiting.")


@given(text=st.text())
def test_whatever_comes_nothing_breaks_and_twice_is_once(text: str) -> None:
    once = redact_screen(text)
    assert redact_screen(once) == once or HIDDEN in once
    assert len(redact(text)) <= len(text) * len(HIDDEN) + len(HIDDEN)


def test_known_texts_go_out_of_a_log_and_broken_bytes_break_nothing() -> None:
    kept = redact_log(b"said hunter2-fake \xff\xfe token=abcd1234\n", ["hunter2-fake"])
    assert b"hunter2-fake" not in kept
    assert b"abcd1234" not in kept
    assert kept.startswith(b"said ")


@pytest.mark.parametrize(
    "piece",
    ["x", "token", "code: ", "?code=", "A1a-", "-----BEGIN PRIVATE KEY-----", "bearer ", "://a:", "eyJ."],
)
def test_a_guest_that_writes_a_mebibyte_of_near_secrets_costs_little_time(piece: str) -> None:
    began = time.process_time()
    redact_log((piece * (2**20 // len(piece))).encode(), ["known-fake-text"])
    assert time.process_time() - began < 20


@pytest.mark.parametrize("code", ["WDJB-MJHT", "12345678"])
def test_a_short_code_is_hidden_where_a_text_calls_it_one(code: str) -> None:
    assert redact(f"Your one-time code: {code}") == f"Your one-time code: {HIDDEN}"
