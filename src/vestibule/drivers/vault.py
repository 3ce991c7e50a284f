"""The vault: AES-256-GCM with a key that is not in the database.

What is sealed, in bytes::

    1         12       n              16
    version   nonce    ciphertext     tag        additional data: version byte, then the context

The context (a credential's id) is authenticated, not stored: a sealed value moved to another row does not
open.  Nonces are random: with 96 bits, 2³² values under one key stay safe (NIST SP 800-38D, 8.3).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.core.errors import VaultTampered
from vestibule.drivers import key_file

VERSION = b"\x01"
NONCE_BYTES = 12


class Vault:
    """Implements ``services.ports.Sealer``; holds the key in memory as long as the controller lives."""

    def __init__(self, key: bytes, random: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._random = random

    @classmethod
    def at(cls, path: Path, random: Callable[[int], bytes]) -> Self:
        """Use the key file ``path``, made when it is not there.  Raises SettingsInvalid."""
        return cls(key_file.load_or_make(path, random), random)

    def seal(self, plain: bytes, *, context: str) -> bytes:
        """Encrypt and authenticate; ``context`` must be the same to open it."""
        nonce = self._random(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, _additional(context))

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt.  Raises VaultTampered when the row, the context or the key is another."""
        version, nonce, body = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if version != VERSION or len(nonce) != NONCE_BYTES:
            raise _tampered(context, "it is not in the form that this vault writes")
        try:
            return self._cipher.decrypt(nonce, body, _additional(context))
        except InvalidTag:
            raise _tampered(context, "it, its place or the key was changed") from None


def _additional(context: str) -> bytes:
    return VERSION + context.encode()


def _tampered(context: str, why: str) -> VaultTampered:
    return VaultTampered(
        f"What is sealed for {context} could not be opened: {why}.",
        remedy="Restore the key file and the database from one backup, or connect the tool again.",
    )
