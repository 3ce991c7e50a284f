"""Wherever a rotation breaks off, everything opens, and the next one goes on with it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from vault_lab import VaultLab, login

from vestibule.core.records import User
from vestibule.drivers.db.credentials import DbCredentials
from vestibule.drivers.db.vault_keys import DbVaultKeys
from vestibule.drivers.master_keys import FileKeyRing
from vestibule.drivers.vault import Vault
from vestibule.services.rotation import Rotation
from vestibule.services.vault_ports import KeyRing
from vestibule.vaults import open_vault

from .conftest import admitted

pytestmark = pytest.mark.anyio


class _BrokenOffError(Exception):
    """As a kill would."""


class _Fuse:
    """Breaks off at the boundary of this number: before a step, or between it and what follows."""

    def __init__(self, boundary: int) -> None:
        self._left = boundary

    def burn(self) -> None:
        if self._left == 0:
            raise _BrokenOffError
        self._left -= 1

    def around(self, inner: Any) -> Any:
        """``inner``, each of whose calls is a step."""
        return _Fused(inner, self)


class _Fused:
    def __init__(self, inner: Any, fuse: _Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        if inspect.iscoroutinefunction(found):

            async def waited(*args: Any, **kwargs: Any) -> Any:
                self._fuse.burn()
                result = await found(*args, **kwargs)
                self._fuse.burn()
                return result

            return waited

        def called(*args: Any, **kwargs: Any) -> Any:
            self._fuse.burn()
            result = found(*args, **kwargs)
            self._fuse.burn()
            return result

        return called


def _fused_rotation(lab: VaultLab, ring: KeyRing, fuse: _Fuse) -> Rotation:
    return Rotation(
        ring=fuse.around(ring),
        sealer=fuse.around(Vault(ring.keys, os.urandom)),
        rows=fuse.around(DbVaultKeys(lab.database)),
        credentials=fuse.around(DbCredentials(lab.database)),
    )


STEPS = 2 * (1 + 1 + 1 + 1 + 3 * 3 + 1 + 1 + 1)
"""Boundaries of: prepare, admit, adopt, list, three times (read, wrap, store), list, retire, settle."""


@pytest.mark.parametrize("boundary", range(STEPS + 1))
async def test_wherever_it_breaks_off_everything_opens_and_it_goes_on(
    lab: VaultLab, ann: User, reopen: Callable[[], FileKeyRing], tmp_path: Path, boundary: int
) -> None:
    ids = [await lab.sealed(ann, login(3600 + number)) for number in range(2)]
    ids.append(await lab.as_the_first_release(ann, tmp_path / "vault.key"))
    before = [(await lab.content(ann, one)) for one in ids]
    broken = _fused_rotation(lab, reopen(), _Fuse(boundary))
    if boundary < STEPS:
        with pytest.raises(_BrokenOffError):
            await broken.rotate(ann)
    else:
        assert (await broken.rotate(ann)).finished  # every step was tried

    started = await open_vault(reopen(), lab.database)  # as the next controller does
    expected = before
    assert await lab.contents(started.sealer, ids) == expected
    assert (await started.rotation.rotate(ann)).finished
    (key,) = reopen().keys
    assert await lab.contents(Vault([key], os.urandom), ids) == expected
    assert await admitted(lab.database) == {key.key_id}
