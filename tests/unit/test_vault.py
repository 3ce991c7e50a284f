"""The vault and key files: what is sealed opens only whole, in its place, with its key."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from vestibule.core.errors import SettingsInvalid, VaultTampered
from vestibule.drivers import key_file
from vestibule.drivers.vault import Vault

KEY = b"k" * 32
PLAIN = b'{"refresh_token": "fake"}'


def _counter() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def test_what_was_sealed_opens_in_its_context() -> None:
    vault = Vault(KEY, _counter())
    assert vault.open(vault.seal(PLAIN, context="c-1"), context="c-1") == PLAIN


def test_the_plain_text_is_nowhere_in_what_is_sealed() -> None:
    assert b"fake" not in Vault(KEY, _counter()).seal(PLAIN, context="c-1")


def test_sealing_the_same_twice_differs() -> None:
    vault = Vault(KEY, os.urandom)
    assert vault.seal(PLAIN, context="c-1") != vault.seal(PLAIN, context="c-1")


def test_every_single_changed_byte_is_noticed() -> None:
    vault = Vault(KEY, _counter())
    sealed = vault.seal(PLAIN, context="c-1")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(VaultTampered):
            vault.open(bytes(changed), context="c-1")


def test_every_truncation_is_noticed() -> None:
    vault = Vault(KEY, _counter())
    sealed = vault.seal(PLAIN, context="c-1")
    for length in range(len(sealed)):
        with pytest.raises(VaultTampered):
            vault.open(sealed[:length], context="c-1")


def test_a_row_moved_to_another_credential_does_not_open() -> None:
    vault = Vault(KEY, _counter())
    with pytest.raises(VaultTampered) as refused:
        vault.open(vault.seal(PLAIN, context="c-1"), context="c-2")
    assert refused.value.failure_code == "vault_tampered"


def test_another_key_does_not_open_it() -> None:
    sealed = Vault(KEY, _counter()).seal(PLAIN, context="c-1")
    with pytest.raises(VaultTampered):
        Vault(b"o" * 32, _counter()).open(sealed, context="c-1")


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "vault.key"
    first = Vault.at(path, os.urandom)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["vault.key"]
    sealed = first.seal(PLAIN, context="c-1")
    assert Vault.at(path, os.urandom).open(sealed, context="c-1") == PLAIN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_key_that_others_can_read_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(KEY)
    path.chmod(mode)
    with pytest.raises(SettingsInvalid) as refused:
        key_file.load_or_make(path, os.urandom)
    assert refused.value.failure_code == "key_file_invalid"
    assert refused.value.remedy == f"Run: chmod 600 {path}"


@pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 33])
def test_a_damaged_key_is_refused_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SettingsInvalid, match="32 bytes"):
        key_file.load_or_make(path, os.urandom)
    assert path.read_bytes() == content


def test_another_file_than_a_key_is_not_told_to_change_its_mode(tmp_path: Path) -> None:
    """A setting may name /etc/passwd by mistake; its mode must stay."""
    path = tmp_path / "passwd"
    path.write_bytes(b"root:x:0:0::/root:/bin/sh\n" * 9)
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="is no key") as refused:
        key_file.load_or_make(path, os.urandom)
    assert "chmod" not in refused.value.remedy


def test_a_key_whose_folder_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsInvalid, match="could not be opened"):
        key_file.load_or_make(tmp_path / "file" / "vault.key", os.urandom)


def test_of_two_makers_both_get_the_first_ones_key(tmp_path: Path) -> None:
    path = tmp_path / "vault.key"

    def late(size: int) -> bytes:
        path.write_bytes(KEY)  # another process finishes first
        path.chmod(0o600)
        return b"x" * size

    assert key_file.load_or_make(path, late) == KEY
    assert [entry.name for entry in tmp_path.iterdir()] == ["vault.key"]
