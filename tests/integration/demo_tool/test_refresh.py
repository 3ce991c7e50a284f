"""The demo tool takes a new credential for the old."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from demo_desk import PATIENCE_S, Desk, Person, desk, shown

from vestibule.laboratory.scenario import Lives, Scenario

SCENARIO = Scenario(lives=Lives(device_s=10**9))


@pytest.fixture
def signed_in(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path, SCENARIO) as made:
        with made.start("login", "--device") as tool:
            Person().type_code(*shown(tool))
            tool.communicate(timeout=PATIENCE_S)
        yield made


def _kept(desk: Desk) -> dict[str, Any]:
    return dict(json.loads(desk.credentials.read_text()))


def test_a_refresh_rotates_both_tokens_and_keeps_the_rest(signed_in: Desk) -> None:
    before = _kept(signed_in)
    ended = signed_in.run("refresh")
    after = _kept(signed_in)
    assert (ended.returncode, ended.stdout) == (0, "Refreshed the credential of ann.\n")
    assert {name for name in before if before[name] == after[name]} >= {"account", "scope", "token_type"}
    assert all(before[name] != after[name] for name in ("access_token", "refresh_token", "id_token"))


def test_a_refreshed_credential_works(signed_in: Desk) -> None:
    signed_in.run("refresh")
    assert signed_in.run("refresh").returncode == 0
    assert signed_in.run("whoami").stdout == "ann\n"


def test_the_file_is_whole_and_private_and_alone(signed_in: Desk) -> None:
    signed_in.run("refresh")
    assert stat.S_IMODE(signed_in.credentials.stat().st_mode) == 0o600
    assert list(signed_in.credentials.parent.iterdir()) == [signed_in.credentials]


def test_a_token_that_somebody_else_used_is_refused_and_the_file_left(signed_in: Desk) -> None:
    copied = signed_in.credentials.read_text()
    signed_in.run("refresh")
    signed_in.credentials.write_text(copied)
    ended = signed_in.run("refresh")
    assert ended.returncode == 1
    assert "invalid_grant: the refresh token was used before" in ended.stderr
    assert signed_in.credentials.read_text() == copied


def test_a_credential_without_a_refresh_token_is_refused_by_the_provider(signed_in: Desk) -> None:
    signed_in.credentials.write_text(json.dumps({**_kept(signed_in), "refresh_token": ""}))
    ended = signed_in.run("refresh")
    assert ended.returncode == 1
    assert "invalid_request: refresh_token is missing" in ended.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"access_token": "fake"}'])
def test_a_file_that_is_no_credential_is_no_sign_in(tmp_path: Path, content: str) -> None:
    made = Desk(issuer="http://127.0.0.1:9", home=tmp_path)
    made.credentials.parent.mkdir()
    made.credentials.write_text(content)
    assert made.run("refresh").returncode == 4
