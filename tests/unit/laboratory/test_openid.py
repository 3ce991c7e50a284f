"""OpenID: where everything is, and who signed in, signed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from oauth_client import Client, base64url, part

from vestibule.laboratory.app import ISSUER

pytestmark = pytest.mark.anyio

SCOPE = "openid profile"


async def _key(client: Client) -> tuple[dict[str, Any], rsa.RSAPublicKey]:
    metadata = (await client.http.get("/.well-known/openid-configuration")).json()
    (key,) = (await client.http.get(metadata["jwks_uri"])).json()["keys"]
    e, n = (int.from_bytes(base64url(key[name]), "big") for name in ("e", "n"))
    return key, rsa.RSAPublicNumbers(e, n).public_key()


def _verify(jwt: str, key: rsa.RSAPublicKey) -> None:
    signed, _, signature = jwt.rpartition(".")
    key.verify(base64url(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_both_discovery_documents_say_the_same(client: Client) -> None:
    oauth = (await client.http.get("/.well-known/oauth-authorization-server")).json()
    assert (await client.http.get("/.well-known/openid-configuration")).json() == oauth


async def test_discovery_holds_what_openid_requires(client: Client) -> None:
    document = (await client.http.get("/.well-known/openid-configuration")).json()
    required = "issuer authorization_endpoint token_endpoint jwks_uri response_types_supported"
    assert all(document[name] for name in [*required.split(), "subject_types_supported"])
    assert "RS256" in document["id_token_signing_alg_values_supported"]


async def test_the_id_token_is_signed_with_the_published_key(client: Client) -> None:
    id_token = (await client.tokens(scope=SCOPE))["id_token"]
    published, key = await _key(client)
    _verify(id_token, key)
    assert part(id_token, 0) == {"alg": "RS256", "typ": "JWT", "kid": published["kid"]}


async def test_a_changed_id_token_does_not_verify(client: Client) -> None:
    header, _, signature = (await client.tokens(scope=SCOPE))["id_token"].split(".")
    _, key = await _key(client)
    with pytest.raises(InvalidSignature):
        _verify(f"{header}.e30.{signature}", key)


async def test_the_id_token_says_who_for_whom_and_how_long(client: Client) -> None:
    claims = part((await client.tokens("ann", scope=SCOPE, nonce="fake-nonce"))["id_token"], 1)
    now = int(client.clock.now)
    assert claims.pop("at_hash")
    assert claims == {
        "iss": ISSUER,
        "sub": "demo|ann",
        "preferred_username": "ann",
        "aud": "vestibule-demo",
        "iat": now,
        "auth_time": now,
        "exp": now + 3600,
        "nonce": "fake-nonce",
    }


async def test_at_hash_ties_the_id_token_to_its_access_token(client: Client) -> None:
    tokens = await client.tokens(scope=SCOPE)
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert base64url(part(tokens["id_token"], 1)["at_hash"]) == half


async def test_a_refreshed_id_token_keeps_the_time_of_the_sign_in_and_has_no_nonce(client: Client) -> None:
    tokens = await client.tokens(scope=SCOPE, nonce="fake-nonce")
    client.clock.now += 600
    claims = part((await client.refresh(tokens["refresh_token"])).json()["id_token"], 1)
    assert claims["iat"] - claims["auth_time"] == 600
    assert "nonce" not in claims


async def test_without_the_scope_there_is_no_id_token(client: Client) -> None:
    assert "id_token" not in await client.tokens(scope="demo")


async def test_userinfo_says_the_same_as_the_id_token(client: Client) -> None:
    tokens = await client.tokens("ann", scope=SCOPE)
    said = (await client.whose(tokens["access_token"])).json()
    assert said["sub"] == part(tokens["id_token"], 1)["sub"]
