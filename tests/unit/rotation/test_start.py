"""A vault opens with the keys that its database needs, or says which are missing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from vault_lab import VaultLab, given_ring, login, open_vault_lab

from vestibule.core.errors import Conflict, HostUnfit, VaultTampered
from vestibule.core.records import User
from vestibule.drivers.db.engine import Database
from vestibule.drivers.master_keys import FileKeyRing
from vestibule.services import rotation
from vestibule.vaults import open_vault

from .conftest import admitted

pytestmark = pytest.mark.anyio


async def test_a_key_that_was_given_is_exchanged_when_another_is_given_before_it() -> None:
    database = Database.in_memory()
    async with open_vault_lab(database, given_ring(b"k")) as lab:
        ann = await lab.user("ann")
        credential_id = await lab.sealed(ann)
        with pytest.raises(Conflict, match="vault_key_not_given"):
            await lab.rotation.rotate(ann)
        both = await open_vault(given_ring(b"n", b"k"), database)
        assert (await both.rotation.rotate(ann)).finished
        alone = await open_vault(given_ring(b"n"), database)
        assert await lab.contents(alone.sealer, [credential_id]) == [login()]


@pytest.mark.parametrize("first_release", [False, True])
async def test_another_key_than_the_database_s_is_refused_at_the_start(
    lab: VaultLab, ann: User, tmp_path: Path, *, first_release: bool
) -> None:
    if first_release:
        await lab.as_the_first_release(ann, tmp_path / "vault.key")
    else:
        await lab.sealed(ann)
    with pytest.raises(HostUnfit) as refused:
        await open_vault(given_ring(b"o"), lab.database)
    assert refused.value.failure_code == "vault_key_unknown"
    assert given_ring(b"o").keys[0].key_id in refused.value.cause


async def test_no_key_is_made_for_a_database_that_needs_another(
    lab: VaultLab, ann: User, tmp_path: Path
) -> None:
    await lab.sealed(ann)
    with pytest.raises(HostUnfit, match="here is none"):
        await open_vault(FileKeyRing(tmp_path / "elsewhere/vault.key", os.urandom), lab.database)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("first_release", [False, True])
async def test_a_key_that_is_given_up_is_not_asked_for_any_more(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing], tmp_path: Path, *, first_release: bool
) -> None:
    lost: str = reopen().keys[0].key_id
    credential_id = await lab.sealed(ann)
    if first_release:
        lost = rotation.UNNAMED
        credential_id = await lab.as_the_first_release(ann, tmp_path / "vault.key")
    ring = FileKeyRing(tmp_path / "new/vault.key", os.urandom)
    started = await open_vault(ring, lab.database, [lost, reopen().keys[0].key_id])
    with pytest.raises(VaultTampered, match=credential_id):
        await lab.contents(started.sealer, [credential_id])


async def test_an_empty_database_takes_any_key(lab: VaultLab) -> None:
    await open_vault(given_ring(b"o"), lab.database)
    assert given_ring(b"o").keys[0].key_id in await admitted(lab.database)
