"""The vault: each credential has a data key of its own, which a master key outside the database wraps.

What is sealed, in bytes (version 2)::

    1         2              w              12      n            16
    version   w, big-endian  wrapped key    nonce   ciphertext   tag

    ciphertext     AES-256-GCM by the data key          additional data: version, credential's id
    wrapped key    the data key, by the master key      context: version, its own id, ":", the same id

The ids are authenticated, not stored here: the row has them.  A sealed value, or a wrapped key alone, that is
moved to another row does not open, nor does one whose row names another key.  Giving a credential another
master key replaces the wrapped key and touches nothing else.

Version 1, of the first release, is opened and no longer written: ``version | wrapped content``, wrapped by
the master key itself in the context ``version, credential's id``.

Nonces are random: with 96 bits, 2³² values under one key stay safe (NIST SP 800-38D, 8.3).  A data key
encrypts one content.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.core.errors import VaultTampered
from vestibule.core.ids import KeyId
from vestibule.core.records import Sealed
from vestibule.services.vault_ports import MasterKey

UNWRAPPED_VERSION = b"\x01"
VERSION = b"\x02"
DATA_KEY_BYTES = 32
NONCE_BYTES = 12
_LENGTH_BYTES = 2


class Vault:
    """Implements ``services.vault_ports.Sealer``; knows its master keys as long as the controller lives.

    One that was replaced too: a row that was read before it was wrapped anew still opens.
    """

    def __init__(self, keys: Sequence[MasterKey], random: Callable[[int], bytes]) -> None:
        self._current = keys[0]
        self._keys = {key.key_id: key for key in keys}
        self._random = random

    def adopt(self, key: MasterKey) -> None:
        """Seal with ``key`` from now on."""
        self._keys[key.key_id] = self._current = key

    def seal(self, plain: bytes, *, context: str) -> Sealed:
        """Encrypt with a fresh data key; ``context`` must be the same to open it."""
        data_key, nonce = self._random(DATA_KEY_BYTES), self._random(NONCE_BYTES)
        body = nonce + AESGCM(data_key).encrypt(nonce, plain, VERSION + context.encode())
        return self._wrapped(data_key, body, context)

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """Decrypt.  Raises VaultTampered when the row, the context or the key is another."""
        if sealed.key_id is None:
            return self._open_unwrapped(sealed, context)
        data_key, body = self._unwrapped(sealed, context)
        try:
            nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
            return AESGCM(data_key).decrypt(nonce, ciphertext, VERSION + context.encode())
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            raise _tampered(context, "it or its place was changed") from None

    def rewrap(self, sealed: Sealed, *, context: str) -> Sealed:
        """Wrap its data key by the current master key; what version 1 sealed is sealed anew."""
        if sealed.key_id is None:
            return self.seal(self._open_unwrapped(sealed, context), context=context)
        return self._wrapped(*self._unwrapped(sealed, context), context)

    def _wrapped(self, data_key: bytes, body: bytes, context: str) -> Sealed:
        key = self._current
        wrapped = key.wrap(data_key, context=_wrap_context(key.key_id, context))
        length = len(wrapped).to_bytes(_LENGTH_BYTES, "big")
        return Sealed(key_id=key.key_id, content=VERSION + length + wrapped + body)

    def _unwrapped(self, sealed: Sealed, context: str) -> tuple[bytes, bytes]:
        """Data key and what follows it."""
        assert sealed.key_id is not None  # noqa: S101  the callers have looked
        wrapped, body = _parts(sealed.content, context)
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise _tampered(context, f"it names the master key {sealed.key_id}, which is not here")
        data_key = key.unwrap(wrapped, context=_wrap_context(key.key_id, context))
        if data_key is None:
            raise _tampered(context, "its key, its place or the master key was changed")
        return data_key, body

    def _open_unwrapped(self, sealed: Sealed, context: str) -> bytes:
        version, wrapped = sealed.content[:1], sealed.content[1:]
        if version != UNWRAPPED_VERSION:
            raise _tampered(context, "it is not in a form that this vault reads")
        bound = UNWRAPPED_VERSION + context.encode()
        opened = (key.unwrap(wrapped, context=bound) for key in self._keys.values())
        plain = next((one for one in opened if one is not None), None)
        if plain is None:
            raise _tampered(context, "it, its place or the key was changed")
        return plain


def _parts(content: bytes, context: str) -> tuple[bytes, bytes]:
    """Wrapped key and what follows it."""
    start = 1 + _LENGTH_BYTES
    end = start + int.from_bytes(content[1:start], "big")
    if content[:1] != VERSION or len(content) < end + NONCE_BYTES:
        raise _tampered(context, "it is not in a form that this vault reads")
    return content[start:end], content[end:]


def _wrap_context(key_id: KeyId, context: str) -> bytes:
    return VERSION + f"{key_id}:{context}".encode()


def _tampered(context: str, why: str) -> VaultTampered:
    return VaultTampered(
        f"What is sealed for {context} could not be opened: {why}.",
        remedy="Restore the master key and the database from one backup, or connect the tool again.",
    )
