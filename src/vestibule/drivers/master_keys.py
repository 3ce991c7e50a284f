"""Master keys of the vault: 32 random bytes, from a file, the environment or standard input.

::

    file     vault.key ◀── rename ── vault.key.next       the next is there while a rotation is unfinished
    given    NEWEST OLDER …                               64 hex digits each; the operator's to add, to remove

A key service would be a third ``MasterKey``: the vault asks it to wrap and to unwrap, and never sees its key.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.core.errors import Conflict, SettingsInvalid
from vestibule.core.ids import KeyId
from vestibule.drivers import key_file
from vestibule.drivers.private_folder import flush_folder
from vestibule.services.vault_ports import MasterKey

VAULT_KEY = "vault.key"
"""The file's name in the state folder."""
_NONCE_BYTES = 12
_ID_DIGITS = 16
_MOST_BYTES = 4096
_GIVEN = re.compile(r"[0-9a-fA-F]{64}")


class LocalKey:
    """A ``MasterKey`` in this process's memory: nonce, then AES-256-GCM."""

    def __init__(self, key: bytes, random: Callable[[int], bytes]) -> None:
        self.key_id = _key_id(key)
        self._cipher = AESGCM(key)
        self._random = random

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        """See ``services.vault_ports.MasterKey``."""
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes | None:
        """See ``services.vault_ports.MasterKey``."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):  # ValueError: too short to be anything
            return None


class FileKeyRing:
    """Keys in files of mode 0600; makes the first and the next by itself."""

    def __init__(self, path: Path, random: Callable[[int], bytes]) -> None:
        """Read what is there; makes nothing.  Raises SettingsInvalid ``key_file_invalid``."""
        self._path = path
        self._next = path.with_name(f"{path.name}.next")
        self._random = random
        found = [self._key(there) for there in (self._next, path) if there.exists()]
        self._keys = list({key.key_id: key for key in found}.values())  # two names of one key are one key

    @property
    def keys(self) -> Sequence[MasterKey]:
        """Newest first."""
        return tuple(self._keys)

    def prepare(self) -> MasterKey:
        """Make the first key, or the next one, on the disk."""
        if len(self._keys) <= 1:
            if self._next.exists():
                # The only key, since the other file was lost.  Not before it is asked for: until then a
                # backup of the other may come back under its name.
                self._take_place()
            self._keys.insert(0, self._key(self._next if self._keys else self._path))
        return self._keys[0]

    def settle(self) -> None:
        """The next key takes the other's place in one step: at every moment there is one that is whole."""
        if len(self._keys) > 1:
            self._take_place()
            del self._keys[1:]

    def _take_place(self) -> None:
        self._next.rename(self._path)
        flush_folder(self._path.parent)

    def _key(self, path: Path) -> LocalKey:
        return LocalKey(key_file.load_or_make(path, self._random), self._random)


class GivenKeyRing:
    """Keys that the operator gave, newest first; to rotate, the operator gives another one before them."""

    def __init__(self, keys: Sequence[MasterKey]) -> None:
        self._keys = keys

    @classmethod
    def parse(cls, text: str, where: str, random: Callable[[int], bytes]) -> GivenKeyRing:
        """Keys in hex, blanks or lines between them.  Raises SettingsInvalid ``vault_key_invalid``."""
        words = text.split()
        if not words:
            raise _invalid(f"There is no master key {where}")
        if not all(_GIVEN.fullmatch(word) for word in words):  # never repeated: it may be one digit off
            raise _invalid(f"What is given {where} is no master key of 64 hexadecimal digits")
        if len({word.lower() for word in words}) < len(words):
            raise _invalid(f"A master key is given twice {where}")
        return cls([LocalKey(bytes.fromhex(word), random) for word in words])

    @property
    def keys(self) -> Sequence[MasterKey]:
        """As given."""
        return tuple(self._keys)

    def prepare(self) -> MasterKey:
        """The operator's newest key, unless it is the only one."""
        if len(self._keys) == 1:
            raise Conflict(
                "The master key cannot be changed: the controller was given one key alone.",
                remedy="Restart it with the new key before the present one, then run this again: "
                "docs/guides/operate.md#the-master-key.",
                code="vault_key_not_given",
            )
        return self._keys[0]

    def settle(self) -> None:
        """Only in memory: the operator stops giving the others."""
        self._keys = self._keys[:1]


def _key_id(key: bytes) -> KeyId:
    """One way: of 256 random bits nothing can be found by trying."""
    return KeyId(hashlib.sha256(b"vestibule master key\0" + key).hexdigest()[:_ID_DIGITS])


def take_variable(name: str) -> str:
    """The variable's value, and no variable: processes that are started from now on do not inherit it."""
    return os.environ.pop(name, "")


def take_stdin() -> str:
    """All of standard input, which is empty from now on.  Raises SettingsInvalid on a terminal."""
    if os.isatty(0):
        raise _invalid("There is no master key on standard input, which is a terminal")
    try:
        with os.fdopen(os.dup(0), "rb") as stream:
            given = stream.read(_MOST_BYTES)
    except OSError as error:
        raise _invalid(f"Standard input, for the master key, cannot be read: {error.strerror}") from error
    empty = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(empty, 0)  # a file that the operator redirected could be read again by every child
    os.close(empty)
    return given.decode(errors="replace")


def _invalid(cause: str) -> SettingsInvalid:
    return SettingsInvalid(
        f"{cause}.",
        remedy="Make one with: openssl rand -hex 32.  Keep it with your backups, apart from the database.",
        code="vault_key_invalid",
    )
