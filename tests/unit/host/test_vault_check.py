"""``doctor`` compares the master key with the database, and changes neither."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from vault_lab import VaultLab, given_ring, open_vault_lab

from vestibule.drivers import vault_check
from vestibule.drivers.db.engine import DATABASE, Database
from vestibule.drivers.db.migrate import migrate, open_database
from vestibule.drivers.master_keys import VAULT_KEY, FileKeyRing
from vestibule.services.host import Check
from vestibule.services.rotation import UNNAMED

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[VaultLab]:
    """A state folder with a credential under the key in it."""
    database = await open_database(tmp_path / DATABASE)
    async with open_vault_lab(database, FileKeyRing(tmp_path / VAULT_KEY, os.urandom)) as lab:
        await lab.sealed(await lab.user("ann"))
        yield lab


def _check(folder: Path, *lost: str) -> Check:
    return vault_check.check(folder, os.urandom, lost)


@pytest.mark.usefixtures("lab")
async def test_the_key_of_the_database_is_well_and_named(tmp_path: Path) -> None:
    found = _check(tmp_path)
    assert found.ok
    assert FileKeyRing(tmp_path / VAULT_KEY, os.urandom).keys[0].key_id in found.detail


@pytest.mark.usefixtures("lab")
async def test_another_key_fails_and_is_named_with_the_one_that_is_needed(tmp_path: Path) -> None:
    (needed,) = FileKeyRing(tmp_path / VAULT_KEY, os.urandom).keys
    _replace(tmp_path / VAULT_KEY, b"o" * 32)
    found = _check(tmp_path)
    assert (found.ok, found.needed) == (False, True)
    assert needed.key_id in found.detail
    assert given_ring(b"o").keys[0].key_id in found.detail
    assert "vault_lost_keys" in (found.fix or "")


@pytest.mark.usefixtures("lab")
async def test_a_lost_key_is_not_missed_any_more(tmp_path: Path) -> None:
    (needed,) = FileKeyRing(tmp_path / VAULT_KEY, os.urandom).keys
    _replace(tmp_path / VAULT_KEY, b"o" * 32)
    assert _check(tmp_path, needed.key_id).ok


@pytest.mark.usefixtures("lab")
async def test_a_key_file_that_is_gone_fails_and_is_not_made(tmp_path: Path) -> None:
    _replace(tmp_path / VAULT_KEY, None)
    assert (_check(tmp_path).ok, (tmp_path / VAULT_KEY).exists()) == (False, False)


async def test_a_first_release_s_credential_without_any_key_is_noticed(lab: VaultLab, tmp_path: Path) -> None:
    await lab.as_the_first_release(await lab.user("bob"), tmp_path / VAULT_KEY)
    assert _check(tmp_path).ok  # whether it is this key is seen at the start
    _replace(tmp_path / VAULT_KEY, None)
    assert UNNAMED in _check(tmp_path).detail


@pytest.mark.usefixtures("lab")
async def test_a_key_that_others_can_read_fails_with_the_command_that_mends_it(tmp_path: Path) -> None:
    (tmp_path / VAULT_KEY).chmod(0o640)
    found = _check(tmp_path)
    assert (found.ok, found.fix) == (False, f"Run: chmod 600 {tmp_path / VAULT_KEY}")


@pytest.mark.usefixtures("lab")
async def test_an_unfinished_rotation_is_a_note_with_the_command_that_ends_it(tmp_path: Path) -> None:
    FileKeyRing(tmp_path / VAULT_KEY, os.urandom).prepare()
    found = _check(tmp_path)
    assert (found.ok, found.needed, found.fix) == (False, False, "vestibule credentials rotate-key")


async def test_a_new_host_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    assert _check(tmp_path / "state").ok
    assert not (tmp_path / "state").exists()


async def test_a_database_of_a_release_before_keys_had_names_is_well(tmp_path: Path) -> None:
    older = Database.at(tmp_path / DATABASE)
    await migrate(older, "v0003")
    await older.close()
    assert _check(tmp_path).ok


def _replace(path: Path, content: bytes | None) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
