"""An envelope of this host's is known again, and no byte of it is free to change."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_golden import signer_in

from vestibule.core.errors import SettingsInvalid
from vestibule.core.provenance import Signature
from vestibule.drivers.goldens.signing import PAYLOAD_TYPE, KeyFileSigner

STATEMENT = b'{"subject": []}'


def test_what_was_signed_is_read_again(signer: KeyFileSigner) -> None:
    found = signer.read(signer.sign(STATEMENT))
    assert (found.signature, found.key_id) == (Signature.HOLDS, signer.key_id)
    assert found.statement == {"subject": []}
    assert found.line == f"signed by this host's key {signer.key_id[:12]}…"


def test_the_signature_is_what_dsse_asks_for(signer: KeyFileSigner, tmp_path: Path) -> None:
    """Checked by the standard's text, without the library that signed."""
    envelope = json.loads(signer.sign(STATEMENT))
    seed = (tmp_path / "state/golden-signing.key").read_bytes()
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    signed = b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(STATEMENT), STATEMENT)
    (signature,) = envelope["signatures"]
    public.verify(base64.b64decode(signature["sig"]), signed)
    assert signature["keyid"] == hashlib.sha256(public.public_bytes_raw()).hexdigest()
    assert base64.b64decode(envelope["payload"]) == STATEMENT


def test_the_key_is_made_on_first_use_for_its_owner_alone(signer: KeyFileSigner, tmp_path: Path) -> None:
    path = tmp_path / "state/golden-signing.key"
    assert not path.exists()
    signer.sign(STATEMENT)
    assert path.stat().st_mode & 0o777 == 0o600
    assert signer_in(tmp_path / "state").key_id == signer.key_id


def test_a_key_that_was_exchanged_counts_at_once(signer: KeyFileSigner, tmp_path: Path) -> None:
    """Builders are processes of their own: who goes on with the old key would call all they make foreign."""
    old = signer.sign(STATEMENT)
    (tmp_path / "state/golden-signing.key").unlink()
    made_by_the_builder = signer_in(tmp_path / "state").sign(STATEMENT)
    assert signer.read(made_by_the_builder).signature is Signature.HOLDS
    assert signer.read(old).signature is Signature.FOREIGN


def test_a_key_that_others_can_read_is_not_used(signer: KeyFileSigner, tmp_path: Path) -> None:
    signer.sign(STATEMENT)
    (tmp_path / "state/golden-signing.key").chmod(0o644)
    with pytest.raises(SettingsInvalid):
        signer_in(tmp_path / "state").sign(STATEMENT)


def test_another_hosts_signature_is_named_not_believed(signer: KeyFileSigner, tmp_path: Path) -> None:
    other = signer_in(tmp_path / "other")
    found = signer.read(other.sign(STATEMENT))
    assert (found.signature, found.believed, found.key_id) == (Signature.FOREIGN, False, other.key_id)
    assert found.line == (
        f"names key {other.key_id[:12]}…, which is neither this host's nor in golden_trusted_keys"
    )


def test_a_key_that_is_trusted_is_believed_and_named(tmp_path: Path) -> None:
    other = signer_in(tmp_path / "other")
    signer = KeyFileSigner(tmp_path / "state/key", trusted=[other.public_key])
    found = signer.read(other.sign(STATEMENT))
    assert (found.signature, found.believed, found.key_id) == (Signature.TRUSTED, True, other.key_id)
    assert found.line == f"signed by key {other.key_id[:12]}…, which golden_trusted_keys names"


@pytest.mark.parametrize("named", ["own", "trusted"])
def test_a_strangers_signature_under_a_known_name_is_broken(tmp_path: Path, named: str) -> None:
    stranger, other = signer_in(tmp_path / "stranger"), signer_in(tmp_path / "other")
    signer = KeyFileSigner(tmp_path / "state/key", trusted=[other.public_key])
    envelope = json.loads(stranger.sign(STATEMENT))
    envelope["signatures"][0]["keyid"] = {"own": signer.key_id, "trusted": other.key_id}[named]
    forged = json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n"
    assert signer.read(forged).signature is Signature.BROKEN


def test_a_statement_that_was_exchanged_under_our_key_is_broken(signer: KeyFileSigner) -> None:
    envelope = json.loads(signer.sign(STATEMENT))
    envelope["payload"] = base64.b64encode(b'{"subject": [1]}').decode()
    again = json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n"
    assert signer.read(again).signature is Signature.BROKEN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_any_changed_bit_is_noticed(signer: KeyFileSigner, data: st.DataObject) -> None:
    envelope = bytearray(signer.sign(STATEMENT))
    at = data.draw(st.integers(0, len(envelope) - 1))
    envelope[at] ^= 1 << data.draw(st.integers(0, 7))
    assert signer.read(bytes(envelope)).signature is Signature.BROKEN


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(raw=st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps(v).encode()))
def test_anything_else_is_broken(signer: KeyFileSigner, raw: bytes) -> None:
    assert signer.read(raw).signature is Signature.BROKEN
