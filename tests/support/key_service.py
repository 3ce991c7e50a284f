"""A key service in miniature: it keeps its key, and its wrapped form is its own affair."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from vestibule.core.ids import KeyId

_NONCE_BYTES = 12


class KeyService:
    """Implements ``services.vault_ports.MasterKey``; another cipher and longer names than the local one."""

    def __init__(self) -> None:
        self.key_id = KeyId(f"service-{os.urandom(16).hex()}")
        self._cipher = ChaCha20Poly1305(ChaCha20Poly1305.generate_key())

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return b"v1:" + nonce + self._cipher.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes | None:
        body = wrapped.removeprefix(b"v1:")
        try:
            return self._cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            return None
