"""A vault on a key file that a rotation exchanges."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from vault_lab import VaultLab, open_vault_lab

from vestibule.core.ids import KeyId
from vestibule.core.records import User
from vestibule.drivers.db import schema
from vestibule.drivers.db.engine import Database
from vestibule.drivers.master_keys import FileKeyRing


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def reopen(tmp_path: Path) -> Callable[[], FileKeyRing]:
    """The keys as a controller finds them that is started now."""
    return lambda: FileKeyRing(tmp_path / "vault.key", os.urandom)


@pytest.fixture
async def lab(reopen: Callable[[], FileKeyRing]) -> AsyncIterator[VaultLab]:
    async with open_vault_lab(ring=reopen()) as lab:
        yield lab


@pytest.fixture
async def ann(lab: VaultLab) -> User:
    return await lab.user("ann")


async def admitted(database: Database) -> set[KeyId]:
    async with database.read() as connection:
        return set((await connection.execute(sa.select(schema.vault_keys.c.key_id))).scalars())
