from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, CredentialFileSpec, CredentialSpec
from vestibule_agent.validation import InvalidCredentialError, ValidCredential, validate

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
FILE = CredentialFileSpec(
    path="~/c.json",
    required=["oauth.access", "oauth.refresh"],
    expires_at="oauth.expires",
    expires_unit="ms",
    account="who.mail",
)
SPEC = CredentialSpec(files=[FILE])
LATER_MS = int((NOW + dt.timedelta(hours=1)).timestamp() * 1000)
GOOD: dict[str, Any] = {
    "oauth": {"access": "fake", "refresh": "fake", "expires": LATER_MS},
    "who": {"mail": "me@example.org"},
}


def one(spec: CredentialFileSpec, content: bytes) -> ValidCredential:
    return validate(CredentialSpec(files=[spec]), {spec.path: content}, NOW)


def token(**claims: object) -> str:
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "ZmFrZQ"])


def judge(document: object) -> str:
    with pytest.raises(InvalidCredentialError) as caught:
        one(FILE, json.dumps(document).encode())
    return str(caught.value)


def test_a_whole_credential_is_valid() -> None:
    found = one(FILE, json.dumps(GOOD).encode())
    assert found.account == "me@example.org"
    assert found.expires_at == NOW + dt.timedelta(hours=1)


@pytest.mark.parametrize("blank", ["", "  ", None, [], {}])
def test_a_blanked_token_is_no_login(blank: object) -> None:
    assert judge({**GOOD, "oauth": {**GOOD["oauth"], "access": blank}}) == "oauth.access is missing or empty"


def test_an_expired_credential_is_no_login() -> None:
    assert "expired" in judge({**GOOD, "oauth": {**GOOD["oauth"], "expires": 1000}})


@pytest.mark.parametrize("moment", ["soon", True, 1e300, [1]])
def test_an_expiry_that_is_no_time_is_named(moment: object) -> None:
    assert "oauth.expires" in judge({**GOOD, "oauth": {**GOOD["oauth"], "expires": moment}})


def test_an_iso_expiry_is_read() -> None:
    spec = CredentialFileSpec(path="x", required=["t"], expires_at="e", expires_unit="iso")
    content = b'{"t": "fake", "e": "2027-01-01T00:00:00Z"}'
    assert one(spec, content).expires_at == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_json_object_is_no_login(content: bytes) -> None:
    with pytest.raises(InvalidCredentialError):
        one(FILE, content)


def test_too_large_is_no_login() -> None:
    with pytest.raises(InvalidCredentialError, match="larger"):
        one(FILE, b" " * (MAX_CREDENTIAL_BYTES + 1))


@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(content: bytes) -> None:
    with pytest.raises(InvalidCredentialError):
        one(FILE, content)


def test_the_cause_holds_no_secret() -> None:
    assert "hunter2" not in judge({"oauth": {"access": "hunter2"}})


def test_a_web_token_on_the_way_is_looked_into() -> None:
    spec = CredentialFileSpec(path="x", required=["id"], account="id.email", expires_at="id.exp")
    soon = int(NOW.timestamp()) + 60
    found = one(spec, json.dumps({"id": token(email="me@example.org", exp=soon)}).encode())
    assert (found.account, found.expires_at) == ("me@example.org", NOW + dt.timedelta(seconds=60))


@pytest.mark.parametrize("broken", ["a.b", "a.b.c", "a.!!!.c", "a." + "W10" + ".c", ""])
def test_what_is_no_web_token_says_nothing(broken: str) -> None:
    spec = CredentialFileSpec(path="x", required=["t"], account="id.email")
    assert one(spec, json.dumps({"t": "fake", "id": broken}).encode()).account is None


@pytest.mark.parametrize("written", ["a b", "a, b", ["a", "b"], ["a", 7, "", "b"]])
def test_scopes_are_words_however_they_are_written(written: object) -> None:
    spec = CredentialFileSpec(path="x", required=["t"], scopes="s")
    assert one(spec, json.dumps({"t": "fake", "s": written}).encode()).scopes == ("a", "b")


def test_a_text_file_is_read_by_patterns() -> None:
    spec = CredentialFileSpec(
        path="x", format="text", required=[r"oauth_token: (\S+)"], account=r"(?m)^ +user: (\S+)"
    )
    assert one(spec, b"github.com:\n    oauth_token: fake\n    user: ann\n").account == "ann"
    with pytest.raises(InvalidCredentialError, match="missing or empty"):
        one(spec, b"github.com:\n    user: ann\n")


def test_of_a_binary_file_nothing_is_read_but_that_it_is_not_blank() -> None:
    spec = CredentialFileSpec(path="x", format="binary")
    assert one(spec, b"SQLite format 3\0\xff") == ValidCredential(files=("x",))
    with pytest.raises(InvalidCredentialError, match="blank"):
        one(spec, b" \n")


def test_a_login_that_cannot_be_refreshed_any_more_is_none() -> None:
    spec = CredentialFileSpec(path="x", required=["t"], login_expires_at="until")
    with pytest.raises(InvalidCredentialError, match="expired"):
        one(spec, b'{"t": "fake", "until": 1000}')


BESIDE = CredentialFileSpec(path="~/who.json", optional=True, required=["mail"], account="mail")
SET = CredentialSpec(files=[FILE, BESIDE])


def test_an_optional_file_adds_what_it_says() -> None:
    files = {FILE.path: json.dumps({**GOOD, "who": {}}).encode(), BESIDE.path: b'{"mail": "ann@example.org"}'}
    assert validate(SET, files, NOW).account == "ann@example.org"


@pytest.mark.parametrize("beside", [None, b"", b"{", b"\xff", b'{"mail": ""}'])
def test_an_optional_file_takes_nothing_away(beside: bytes | None) -> None:
    files = {FILE.path: json.dumps(GOOD).encode()} | ({} if beside is None else {BESIDE.path: beside})
    assert validate(SET, files, NOW).account == "me@example.org"


def test_an_optional_file_makes_no_login() -> None:
    with pytest.raises(InvalidCredentialError, match="is missing"):
        validate(SET, {BESIDE.path: b'{"mail": "ann@example.org"}'}, NOW)


def test_optional_files_that_do_not_fit_in_are_dropped() -> None:
    first, second = (CredentialFileSpec(path=path, format="binary", optional=True) for path in ("~/1", "~/2"))
    good = json.dumps(GOOD).encode()
    files = {
        FILE.path: good,
        "~/1": b"x" * MAX_CREDENTIAL_BYTES,
        "~/2": b"x" * (MAX_CREDENTIAL_BYTES - len(good)),
    }
    found = validate(CredentialSpec(files=[first, FILE, second]), files, NOW)
    assert (found.account, found.files) == ("me@example.org", (FILE.path, "~/2"))


def test_what_does_not_fit_in_says_nothing() -> None:
    large = b'{"mail": "ann@example.org"}' + b" " * MAX_CREDENTIAL_BYTES
    found = validate(SET, {FILE.path: json.dumps(GOOD).encode(), BESIDE.path: large}, NOW)
    assert (found.account, found.files) == ("me@example.org", (FILE.path,))


@pytest.mark.parametrize(
    ("account", "shown"),
    [("a" * 256, "a" * 256), ("a" * 257, None), ("a\x1b[2Jb", None), ("a\nb", None), ("\ud800", None)],
)
def test_an_account_that_cannot_be_shown_is_left_out(account: str, shown: str | None) -> None:
    assert one(FILE, json.dumps({**GOOD, "who": {"mail": account}}).encode()).account == shown


def test_scopes_that_cannot_be_shown_are_left_out() -> None:
    spec = CredentialFileSpec(path="x", required=["t"], scopes="s")
    written = ["a", "b" * 128, "c" * 129, "d\0", "\ud800"]
    assert one(spec, json.dumps({"t": "fake", "s": written}).encode()).scopes == ("a", "b" * 128)


def test_a_text_file_over_which_patterns_would_run_for_long_is_no_login() -> None:
    spec = CredentialFileSpec(path="x", format="text", required=[r"token: (\S+)"])
    assert one(spec, b"token: fake".ljust(65_536)).files == ("x",)
    with pytest.raises(InvalidCredentialError, match=r"^it is larger than 65536 bytes$"):
        one(spec, b"token: fake".ljust(65_537))
