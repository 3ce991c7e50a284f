from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from golden_lab import GoldenLab, golden_lab


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """What was logged, as values."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def lab(tmp_path: Path) -> GoldenLab:
    """GOLDEN is promoted, the policy is rebuild."""
    return golden_lab(tmp_path)
