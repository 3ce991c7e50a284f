"""What happens to a credential while the master key is exchanged is not lost."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable
from typing import Any

import pytest
from vault_lab import VaultLab, brought, login

from vestibule.core.ids import CredentialId
from vestibule.core.records import CredentialRecord, User
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.vault_keys import DbVaultKeys
from vestibule.drivers.master_keys import FileKeyRing
from vestibule.drivers.vault import Vault
from vestibule.services.custodian import Custodian
from vestibule.services.rotation import Rotation
from vestibule.services.vault_ports import KeyRing

pytestmark = pytest.mark.anyio


@dataclasses.dataclass
class _Meddling(DbCredentials):
    """Lets something happen between the moment a row is read and the moment it is wrapped anew."""

    database: Database
    meanwhile: Callable[[CredentialRecord], Any]

    def __post_init__(self) -> None:
        super().__init__(self.database)

    async def get(self, credential_id: CredentialId) -> CredentialRecord:
        seen = await super().get(credential_id)
        await self.meanwhile(seen)
        return seen


async def _rotated_while(lab: VaultLab, ann: User, ring: KeyRing, meanwhile: Callable[..., Any]) -> Any:
    done: list[CredentialId] = []

    async def once(seen: CredentialRecord) -> None:
        if seen.credential_id not in done:
            done.append(seen.credential_id)
            await meanwhile(seen)

    rows = _Meddling(lab.database, once)
    sealer = lab.credentials._sealer
    keys = DbVaultKeys(lab.database)
    mine = Rotation(ring=ring, sealer=sealer, rows=keys, credentials=rows)
    progress = await mine.rotate(ann)
    while not progress.finished:
        progress = await mine.rotate(ann)
    return progress


async def test_a_check_out_during_a_rotation_is_not_lost(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    credential_id = await lab.sealed(ann)

    async def check_out(seen: CredentialRecord) -> None:
        await lab.custodian.check_out(ann, seen.credential_id, "laptop")

    await _rotated_while(lab, ann, reopen(), check_out)
    assert (await lab.rows.get(credential_id)).holder == "laptop"
    assert await lab.contents(Vault(reopen().keys, os.urandom), [credential_id]) == [login()]


async def test_a_refresh_during_a_rotation_is_not_lost(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    credential_id = await lab.sealed(ann)
    await lab.custodian.check_out(ann, credential_id, "laptop")

    async def refresh(seen: CredentialRecord) -> None:
        await lab.custodian.return_(ann, seen.credential_id, "laptop", brought(login(7200)))

    await _rotated_while(lab, ann, reopen(), refresh)
    after = await lab.contents(Vault(reopen().keys, os.urandom), [credential_id])
    assert after == [login(7200)]


async def test_a_deletion_during_a_rotation_is_not_undone(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    credential_id = await lab.sealed(ann)

    async def delete(seen: CredentialRecord) -> None:
        await lab.custodian.delete(ann, seen.credential_id)

    progress = await _rotated_while(lab, ann, reopen(), delete)
    assert (progress.rewrapped, (await lab.rows.get(credential_id)).sealed) == (0, b"")


class _Late(DbCredentials):
    """A rotation takes place between the seal and the row."""

    def __init__(self, lab: VaultLab, user: User) -> None:
        super().__init__(lab.database)
        self._lab, self._user = lab, user
        self._rotated = False

    async def move(
        self, seen: CredentialRecord, to: CredentialRecord, *, at: dt.datetime
    ) -> CredentialRecord:
        if not self._rotated:
            self._rotated = (await self._lab.rotation.rotate(self._user)).finished
        return await super().move(seen, to, at=at)


async def test_what_was_sealed_before_a_rotation_and_stored_after_it_has_the_new_key(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    credential_id = await lab.sealed(ann)
    await lab.custodian.check_out(ann, credential_id, "laptop")
    late = Custodian(
        credentials=lab.credentials, rows=_Late(lab, ann), providers=lab.providers, clock=lab.clock
    )
    moved = await late.return_(ann, credential_id, "laptop", brought(login(7200)))
    assert moved.key_id == reopen().keys[0].key_id
    assert await lab.contents(Vault(reopen().keys, os.urandom), [credential_id]) == [login(7200)]
