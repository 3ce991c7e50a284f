"""A program in another's place: what it prints is its own arguments, each with a zero byte behind it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SCRIPT = """#!/bin/sh
printf '%s\\0' "$@"
"""


def record_calls_of(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the test ends, whoever runs the program by its name runs the recorder."""
    (folder / "bin").mkdir()
    recorder = folder / "bin" / program
    recorder.write_text(_SCRIPT)
    recorder.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")


def recorded(output: Path) -> list[str]:
    """The arguments of the call that printed this."""
    return output.read_text().split("\0")[:-1]
