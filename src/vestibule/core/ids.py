"""Identifiers: one type per kind, so that a session's id can never be taken for a machine's.

An id is a prefix, a dash and 16 lower-case hex digits; the random part arrives as an argument because
``core`` has no randomness.
"""

from typing import NewType

SessionId = NewType("SessionId", str)
VmId = NewType("VmId", str)
UserId = NewType("UserId", str)
CredentialId = NewType("CredentialId", str)
TokenId = NewType("TokenId", str)
ViewLinkId = NewType("ViewLinkId", str)
GoldenId = NewType("GoldenId", str)
"""``g-`` and the first 16 hex digits of the SHA-256 of the golden's canonical recipe."""
KeyId = NewType("KeyId", str)
"""Names a master key of the vault without telling it: 16 hex digits (``drivers.master_keys``)."""

RANDOM_BYTES = 8


def session_id(random: bytes) -> SessionId:
    """A new session's id from RANDOM_BYTES random bytes."""
    return SessionId(f"s-{random.hex()}")


def vm_id(random: bytes) -> VmId:
    """A new machine's id from RANDOM_BYTES random bytes."""
    return VmId(f"vm-{random.hex()}")


def user_id(random: bytes) -> UserId:
    """A new user's id from RANDOM_BYTES random bytes."""
    return UserId(f"u-{random.hex()}")


def credential_id(random: bytes) -> CredentialId:
    """A new credential's id from RANDOM_BYTES random bytes."""
    return CredentialId(f"c-{random.hex()}")


def view_link_id(random: bytes) -> ViewLinkId:
    """A new view link's id from RANDOM_BYTES random bytes; no secret."""
    return ViewLinkId(f"l-{random.hex()}")


def token_id(random: bytes) -> TokenId:
    """A new API token's id from RANDOM_BYTES random bytes."""
    return TokenId(f"t-{random.hex()}")
