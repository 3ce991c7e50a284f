from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab import Lab, open_lab


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path) as opened:
        yield opened
