"""The secret that posts are signed with: in a file of its owner's alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.core.errors import SettingsInvalid
from vestibule.drivers.webhook import read_secret


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("visibly-fake-secret\n")
    path.chmod(0o600)
    return path


def test_a_secret_is_what_its_file_holds_without_the_line_s_end(secret: Path) -> None:
    assert read_secret(secret) == b"visibly-fake-secret"


def test_a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it(secret: Path) -> None:
    secret.chmod(0o644)
    with pytest.raises(SettingsInvalid) as refused:
        read_secret(secret)
    assert refused.value.remedy == f"Run: chmod 600 {secret}"


@pytest.mark.parametrize("content", [b"", b"\n", b"short"])
def test_a_secret_that_is_none_is_refused(secret: Path, content: bytes) -> None:
    secret.write_bytes(content)
    with pytest.raises(SettingsInvalid, match="less than 16 bytes"):
        read_secret(secret)


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="No such file"):
        read_secret(tmp_path / "none")
