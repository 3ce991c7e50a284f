"""The vault and key files: what is sealed opens only whole, in its place, with its key."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from vault_lab import given_ring

from vestibule.core.errors import SettingsInvalid, VaultTampered
from vestibule.core.ids import KeyId
from vestibule.core.records import Sealed
from vestibule.drivers import key_file
from vestibule.drivers.vault import DATA_KEY_BYTES, VERSION, Vault

KEY = b"k" * 32
PLAIN = b'{"refresh_token": "fake"}'
FIRST_RELEASE = Sealed(
    key_id=None,
    content=b"\x01" + b"n" * 12 + AESGCM(KEY).encrypt(b"n" * 12, PLAIN, b"\x01" + b"c-1"),
)
"""For the credential c-1, as vestibule 0.1's first databases hold it."""


def _counter() -> Callable[[int], bytes]:
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def vault(*letters: bytes) -> Vault:
    """With the master keys of these letters; the first is the one that it seals with."""
    return Vault(given_ring(*letters or (b"k",)).keys, _counter())


def test_what_was_sealed_opens_in_its_context() -> None:
    one = vault()
    assert one.open(one.seal(PLAIN, context="c-1"), context="c-1") == PLAIN


def test_the_plain_text_is_nowhere_in_what_is_sealed() -> None:
    assert b"fake" not in vault().seal(PLAIN, context="c-1").content


def test_what_is_sealed_has_the_documented_form() -> None:
    content = vault().seal(PLAIN, context="c-1").content
    length = int.from_bytes(content[1:3], "big")
    assert content[:1] == VERSION
    assert length == 12 + DATA_KEY_BYTES + 16
    assert len(content) == 3 + length + 12 + len(PLAIN) + 16


def test_every_credential_has_a_data_key_of_its_own() -> None:
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    one = Vault(given_ring(b"k").keys, random)
    first, second = (one.seal(PLAIN, context="c-1") for _ in range(2))
    keys = {key for key in drawn if len(key) == DATA_KEY_BYTES}
    assert len(keys) == 2
    assert not any(key in sealed.content for key in keys for sealed in (first, second))


def test_every_single_changed_byte_is_noticed() -> None:
    one = vault()
    sealed = one.seal(PLAIN, context="c-1")
    for index in range(len(sealed.content)):
        changed = bytearray(sealed.content)
        changed[index] ^= 1
        with pytest.raises(VaultTampered, match="c-1"):
            one.open(Sealed(key_id=sealed.key_id, content=bytes(changed)), context="c-1")


def test_every_truncation_is_noticed() -> None:
    one = vault()
    sealed = one.seal(PLAIN, context="c-1")
    for length in range(len(sealed.content)):
        with pytest.raises(VaultTampered):
            one.open(Sealed(key_id=sealed.key_id, content=sealed.content[:length]), context="c-1")


def test_a_row_moved_to_another_credential_does_not_open() -> None:
    one = vault()
    with pytest.raises(VaultTampered) as refused:
        one.open(one.seal(PLAIN, context="c-1"), context="c-2")
    assert refused.value.failure_code == "vault_tampered"


def test_a_wrapped_key_of_another_credential_does_not_open() -> None:
    one = vault()
    mine, other = one.seal(PLAIN, context="c-1"), one.seal(PLAIN, context="c-2")
    end = 3 + int.from_bytes(mine.content[1:3], "big")
    swapped = other.content[:end] + mine.content[end:]
    with pytest.raises(VaultTampered):
        one.open(Sealed(key_id=mine.key_id, content=swapped), context="c-1")


def test_an_older_content_of_the_same_credential_does_not_open_with_the_newer_key() -> None:
    one = vault()
    older, newer = (one.seal(PLAIN, context="c-1") for _ in range(2))
    end = 3 + int.from_bytes(newer.content[1:3], "big")
    mixed = newer.content[:end] + older.content[end:]
    with pytest.raises(VaultTampered):
        one.open(Sealed(key_id=newer.key_id, content=mixed), context="c-1")


def test_a_row_that_names_another_key_does_not_open() -> None:
    one = vault(b"k", b"o")
    sealed = one.seal(PLAIN, context="c-1")
    (other,) = {key.key_id for key in given_ring(b"o").keys}
    for key_id in (other, KeyId("0" * 16), None):
        with pytest.raises(VaultTampered):
            one.open(dataclasses.replace(sealed, key_id=key_id), context="c-1")


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(VaultTampered):
        vault(b"o").open(vault().seal(PLAIN, context="c-1"), context="c-1")


def test_what_the_first_release_sealed_still_opens() -> None:
    assert vault().open(FIRST_RELEASE, context="c-1") == PLAIN


def test_what_the_first_release_sealed_is_bound_to_its_row() -> None:
    with pytest.raises(VaultTampered):
        vault().open(FIRST_RELEASE, context="c-2")
    with pytest.raises(VaultTampered):
        vault(b"o").open(FIRST_RELEASE, context="c-1")


def test_wrapping_anew_gives_an_envelope_to_what_the_first_release_sealed() -> None:
    again = vault(b"n", b"k").rewrap(FIRST_RELEASE, context="c-1")
    assert vault(b"n").open(again, context="c-1") == PLAIN


def test_wrapping_anew_leaves_the_content_s_bytes_and_needs_the_old_key_no_more() -> None:
    sealed = vault().seal(PLAIN, context="c-1")
    again = vault(b"n", b"k").rewrap(sealed, context="c-1")
    end = 3 + int.from_bytes(sealed.content[1:3], "big")
    assert again.content[end:] == sealed.content[end:]
    assert vault(b"n").open(again, context="c-1") == PLAIN


def test_a_key_that_was_replaced_opens_what_was_read_before() -> None:
    one = vault()
    sealed = one.seal(PLAIN, context="c-1")
    one.adopt(given_ring(b"n").keys[0])
    assert one.open(sealed, context="c-1") == PLAIN
    assert one.seal(PLAIN, context="c-1").key_id != sealed.key_id


def test_nothing_of_a_key_is_in_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    one = vault()
    try:
        one.open(dataclasses.replace(one.seal(PLAIN, context="c-1"), content=b"\x02"), context="c-1")
    except VaultTampered:
        log = structlog.get_logger()
        log.exception("refused")
    said = "".join(capsys.readouterr())
    assert "VaultTampered" in said
    assert "fake" not in said
    assert "kkkk" not in said


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
