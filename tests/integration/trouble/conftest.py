"""Real controllers that run containers of the wanted golden."""

from __future__ import annotations

import subprocess
import sys

import pytest
from controller import VESTIBULE


@pytest.fixture(scope="session")
def golden() -> None:
    """The golden that today's inputs make, built once and kept in the user's cache."""
    subprocess.run([VESTIBULE, "golden", "build"], check=True, stderr=sys.stderr)


@pytest.fixture(scope="session")
def snapshot() -> None:
    """The golden and its memory snapshot, which emulated machines start from."""
    subprocess.run([VESTIBULE, "golden", "build", "--snapshot"], check=True, stderr=sys.stderr)
