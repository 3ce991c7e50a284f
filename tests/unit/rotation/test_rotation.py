"""The master key is exchanged whole, or both are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from vault_lab import VaultLab, login

from vestibule.core.records import User
from vestibule.drivers.master_keys import FileKeyRing
from vestibule.drivers.vault import Vault
from vestibule.services import rotation

from .conftest import admitted

pytestmark = pytest.mark.anyio


async def test_a_rotation_gives_every_credential_the_new_key_and_forgets_the_old(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    (before,) = reopen().keys
    ids = [await lab.sealed(ann, login(3600 + number)) for number in range(3)]
    progress = await lab.rotation.rotate(ann)
    assert (progress.finished, progress.rewrapped, progress.remaining) == (True, 3, 0)
    (after,) = reopen().keys
    assert after.key_id == progress.key_id != before.key_id
    assert await admitted(lab.database) == {after.key_id}
    expected = [login(3600 + number) for number in range(3)]
    assert await lab.contents(Vault([after], os.urandom), ids) == expected


async def test_what_the_first_release_sealed_gets_an_envelope(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing], tmp_path: Path
) -> None:
    credential_id = await lab.as_the_first_release(ann, tmp_path / "vault.key")
    assert (await lab.rotation.rotate(ann)).finished
    assert (await lab.rows.get(credential_id)).sealed[:1] == b"\x02"
    assert await lab.contents(Vault(reopen().keys, os.urandom), [credential_id]) == [login()]


async def test_deleted_credentials_are_left_alone(lab: VaultLab, ann: User) -> None:
    credential_id = await lab.sealed(ann)
    gone = await lab.custodian.delete(ann, credential_id)
    progress = await lab.rotation.rotate(ann)
    assert (progress.finished, progress.rewrapped) == (True, 0)
    assert await lab.rows.get(credential_id) == gone


async def test_a_rotation_goes_on_in_batches(
    lab: VaultLab, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    for _ in range(5):
        await lab.sealed(ann)
    steps = [await lab.rotation.rotate(ann) for _ in range(3)]
    assert [(step.rewrapped, step.remaining, step.finished) for step in steps] == [
        (2, 3, False),
        (2, 1, False),
        (1, 0, True),
    ]
    assert len({step.key_id for step in steps}) == 1


async def test_a_rotation_is_in_the_audit_log_with_who_asked_and_no_key(
    lab: VaultLab, ann: User, tmp_path: Path
) -> None:
    await lab.sealed(ann)
    with capture_logs() as logs:
        progress = await lab.rotation.rotate(ann)
    (entry,) = [entry for entry in logs if entry["event"] == "Master key rotated"]
    assert (entry["user_id"], entry["key_id"], entry["rewrapped"]) == (ann.user_id, progress.key_id, 1)
    assert (tmp_path / "vault.key").read_bytes().hex() not in repr(logs)


async def test_what_does_not_open_is_named_and_its_key_is_kept_until_it_is_deleted(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing]
) -> None:
    damaged, sound = await lab.sealed(ann), await lab.sealed(ann)
    await lab.spoil(damaged, sealed=(await lab.rows.get(sound)).sealed)
    progress = await lab.rotation.rotate(ann)
    assert (progress.damaged, progress.remaining, progress.finished) == ([damaged], 0, False)
    assert len(reopen().keys) == 2
    await lab.custodian.delete(ann, damaged)
    again = await lab.rotation.rotate(ann)
    assert (again.damaged, again.finished, again.key_id) == ([], True, progress.key_id)
