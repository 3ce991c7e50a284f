from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from oauth_client import Client, laboratory


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with laboratory() as made:
        yield made
