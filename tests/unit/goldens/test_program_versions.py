"""What made a layer is asked of the programs themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.drivers.goldens import program_versions as versions


def _program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo 'sqfstar version 4.5.1 (2022/03/17)'; exit 1", "4.5.1"),
        ("echo bubblewrap 0.8.0", "0.8.0"),
        ("echo 'no such option' >&2; exit 2", "unknown"),
    ],
)
def test_a_version_is_the_first_number_that_is_said(tmp_path: Path, script: str, version: str) -> None:
    assert versions._said(_program(tmp_path, script), "--version") == version


def test_a_program_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    assert versions._said(str(tmp_path / "absent"), "--version") == "unknown"


def test_npm_and_node_are_the_wheels() -> None:
    told = versions.program_versions("tools")
    assert all(told[name][0].isdigit() for name in ("node", "npm", "python"))
    assert "mmdebstrap" not in told
