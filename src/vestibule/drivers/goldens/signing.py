"""Signs statements with this host's key: a DSSE envelope, one Ed25519 signature.

DSSE: https://github.com/secure-systems-lab/dsse; the library keeps its pre-authentication encoding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib import exceptions
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, Key, SSlibKey
from securesystemslib.signer import Signature as SignatureBytes

from vestibule.core.provenance import Provenance, Signature
from vestibule.drivers.key_file import load_or_make

PAYLOAD_TYPE = "application/vnd.in-toto+json"
PROVENANCE = "provenance.json"
"""A product's signed statement, in its folder."""


class Signer(Protocol):
    """Signs what this host made, and knows its own signature again."""

    def sign(self, statement: bytes) -> bytes:
        """The statement in a signed envelope (JSON)."""
        ...

    def read(self, envelope: bytes) -> Provenance:
        """What an envelope holds, and how far it is to be believed."""
        ...


class KeyFileSigner:
    """A signer whose key is a file; both are made on first use, not before."""

    def __init__(
        self, path: Path, random: Callable[[int], bytes] = os.urandom, *, trusted: Sequence[str] = ()
    ) -> None:
        """``trusted``: public keys of other hosts that are believed, each 64 hex digits (``public_key``)."""
        self._path = path
        self._random = random
        others = (_named(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))) for key in trusted)
        self._trusted = {str(key.keyid): key for key in others}

    @property
    def _signer(self) -> CryptoSigner:
        """Raises SettingsInvalid ``key_file_invalid``."""
        return CryptoSigner(self._private, _named(self._private.public_key()))

    @property
    def _private(self) -> Ed25519PrivateKey:
        """Read each time: a key that was exchanged counts for a controller as it does for its builder."""
        return Ed25519PrivateKey.from_private_bytes(load_or_make(self._path, self._random))

    @property
    def key_id(self) -> str:
        """Hex SHA-256 of the public key."""
        return str(self._signer.public_key.keyid)

    @property
    def public_key(self) -> str:
        """The public key, 64 hex digits: what another host that trusts this one is told."""
        return _raw(self._private.public_key()).hex()

    def sign(self, statement: bytes) -> bytes:
        """See Signer."""
        envelope = Envelope(statement, PAYLOAD_TYPE, {})
        envelope.sign(self._signer)
        return _spelled(envelope)

    def read(self, envelope: bytes) -> Provenance:
        """See Signer."""
        try:
            found = _parsed(envelope)
            (named,) = found.signatures
            statement: dict[str, Any] = json.loads(found.payload)
        except (exceptions.Error, ValueError, KeyError, TypeError, AttributeError):
            return Provenance(signature=Signature.BROKEN)
        return Provenance(signature=self._judge(found, named), key_id=named, statement=statement)

    def _judge(self, envelope: Envelope, named: str) -> Signature:
        """DSSE: a keyid is a hint that nothing protects.  So all known keys are tried."""
        own = self._signer.public_key
        known = {**self._trusted, str(own.keyid): own}
        signed_by = next((key_id for key_id, key in known.items() if _holds(envelope, named, key)), None)
        if signed_by is None:
            return Signature.BROKEN if named in known else Signature.FOREIGN
        if signed_by != named:
            return Signature.BROKEN
        return Signature.HOLDS if named == own.keyid else Signature.TRUSTED


def key_arguments(key: Path, trusted: Sequence[str]) -> list[str]:
    """For the command line of a process that signs or reads: the key's file, never the key."""
    return ["--key", str(key), *(f"--trust={public}" for public in trusted)]


def add_key_arguments(parser: argparse.ArgumentParser) -> None:
    """The other end of ``key_arguments``."""
    parser.add_argument("--key", type=Path, required=True, help="file of this host's signing key")
    parser.add_argument("--trust", action="append", default=[], help="another host's public key, in hex")


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _named(key: Ed25519PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(key, keyid=hashlib.sha256(_raw(key)).hexdigest())


def _holds(envelope: Envelope, named: str, key: Key) -> bool:
    """By this key, whatever key is named: the library refuses a signature of another name unread."""
    signature = SignatureBytes(key.keyid, envelope.signatures[named].signature)
    try:
        key.verify_signature(signature, envelope.pae())
    except exceptions.UnverifiedSignatureError:
        return False
    return True


def _spelled(envelope: Envelope) -> bytes:
    return json.dumps(envelope.to_dict(), indent=1, sort_keys=True).encode() + b"\n"


def _parsed(raw: bytes) -> Envelope:
    """Raises ValueError and more; an envelope has one spelling, so that no byte of it is free to change."""
    envelope = Envelope.from_dict(json.loads(raw))
    if envelope.payload_type != PAYLOAD_TYPE or _spelled(envelope) != raw:
        raise ValueError("not an envelope that Vestibule wrote")
    return envelope
