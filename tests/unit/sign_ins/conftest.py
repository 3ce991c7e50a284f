"""A lab of its own for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import structlog
from lab import Lab, open_lab

from vestibule.services import evidence, sign_in_run

OpenLab = Callable[..., AbstractAsyncContextManager[Lab]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    """What was logged, as values."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def _short_graces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_run, "CREDENTIAL_GRACE_S", 0.01)
    monkeypatch.setattr(evidence, "EXIT_GRACE_S", 0.2)


@pytest.fixture
def new_lab(tmp_path: Path) -> OpenLab:
    return lambda **settings: open_lab(tmp_path, **settings)


@pytest.fixture
async def lab(new_lab: OpenLab) -> AsyncIterator[Lab]:
    async with new_lab() as opened:
        yield opened
