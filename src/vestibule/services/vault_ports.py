"""What the vault needs of the world: master keys, where they come from, and what seals with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.core.ids import KeyId
from vestibule.core.records import Sealed


class MasterKey(Protocol):
    """Wraps the data keys of credentials.  A key service keeps its key to itself and implements this too."""

    @property
    def key_id(self) -> KeyId:
        """Names it, and tells nothing of it."""
        ...

    def wrap(self, secret: bytes, *, context: bytes) -> bytes:
        """Encrypt and authenticate; ``context`` must be the same to unwrap it."""
        ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes | None:
        """Decrypt; None when this key did not wrap just that in this context."""
        ...


class KeyRing(Protocol):
    """Where master keys come from."""

    @property
    def keys(self) -> Sequence[MasterKey]:
        """Newest first; more than one while a rotation is unfinished, none before the first was made."""
        ...

    def prepare(self) -> MasterKey:
        """Add another key, kept safely before it is returned; now the newest of ``keys``.

        Raises Conflict ``vault_key_not_given`` where only the operator can add one.
        """
        ...

    def settle(self) -> None:
        """Forget every key but the newest; idempotent."""
        ...


class Sealer(Protocol):
    """Seals bytes with a key that is not in the database."""

    def seal(self, plain: bytes, *, context: str) -> Sealed:
        """Encrypt and authenticate; ``context`` (the credential's id) must be the same to open it."""
        ...

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """Decrypt.  Raises VaultTampered when the row, the context or the key is another."""
        ...

    def rewrap(self, sealed: Sealed, *, context: str) -> Sealed:
        """The same content, under the key that is used now.  Raises VaultTampered as ``open``."""
        ...

    def adopt(self, key: MasterKey) -> None:
        """Seal with this master key from now on; what the ones before sealed still opens."""
        ...
