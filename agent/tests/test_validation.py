from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule_agent.protocol import MAX_CREDENTIAL_BYTES, CredentialSpec
from vestibule_agent.validation import InvalidCredentialError, validate

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
SPEC = CredentialSpec(
    path="~/c.json",
    required=["oauth.access", "oauth.refresh"],
    expires_at="oauth.expires",
    expires_unit="ms",
    account="who.mail",
)
LATER_MS = int((NOW + dt.timedelta(hours=1)).timestamp() * 1000)
GOOD: dict[str, Any] = {
    "oauth": {"access": "fake", "refresh": "fake", "expires": LATER_MS},
    "who": {"mail": "me@example.org"},
}


def judge(document: object) -> str:
    with pytest.raises(InvalidCredentialError) as caught:
        validate(SPEC, json.dumps(document).encode(), NOW)
    return str(caught.value)


def test_a_whole_credential_is_valid() -> None:
    found = validate(SPEC, json.dumps(GOOD).encode(), NOW)
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
    spec = CredentialSpec(path="x", required=["t"], expires_at="e", expires_unit="iso")
    content = b'{"t": "fake", "e": "2027-01-01T00:00:00Z"}'
    assert validate(spec, content, NOW).expires_at == dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'"x"', b"[" * 100_000])
def test_what_is_no_json_object_is_no_login(content: bytes) -> None:
    with pytest.raises(InvalidCredentialError):
        validate(SPEC, content, NOW)


def test_too_large_is_no_login() -> None:
    with pytest.raises(InvalidCredentialError, match="larger"):
        validate(SPEC, b" " * (MAX_CREDENTIAL_BYTES + 1), NOW)


@given(st.binary(max_size=200))
def test_no_bytes_end_in_another_error(content: bytes) -> None:
    with pytest.raises(InvalidCredentialError):
        validate(SPEC, content, NOW)


def test_the_cause_holds_no_secret() -> None:
    assert "hunter2" not in judge({"oauth": {"access": "hunter2"}})
