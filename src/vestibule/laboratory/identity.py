"""Who signed in, as OpenID says it: signed id tokens, the key to check them with, userinfo."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from vestibule.laboratory.forms import CLIENT_ID
from vestibule.laboratory.store import Grant, Tokens

ALGORITHM = "RS256"
"""The one that every provider must have (OpenID Connect Discovery, 3)."""


class Signer:
    """An RSA key, made when it is first needed, beside the event loop; it ends with the laboratory."""

    def __init__(self) -> None:
        self._key: rsa.RSAPrivateKey | None = None
        self._making = asyncio.Lock()

    async def _made(self) -> rsa.RSAPrivateKey:
        async with self._making:
            if self._key is None:
                self._key = await asyncio.to_thread(
                    rsa.generate_private_key, public_exponent=65537, key_size=2048
                )
            return self._key

    async def jwks(self) -> dict[str, object]:
        """The public key (RFC 7517)."""
        public = _public(await self._made())
        return {"keys": [{**public, "alg": ALGORITHM, "use": "sig", "kid": _thumbprint(public)}]}

    async def sign(self, claims: Mapping[str, object]) -> str:
        """A JWT in its compact form (RFC 7515, 3.1)."""
        key = await self._made()
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": _thumbprint(_public(key))}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"


def id_claims(tokens: Tokens, *, issuer: str, now: float, life_s: int) -> dict[str, object]:
    """What an id token says (OpenID Connect Core, 2); ``at_hash`` ties it to its access token (3.1.3.6)."""
    digest = hashlib.sha256(tokens.access_token.encode()).digest()
    return {
        "iss": issuer,
        **person(tokens.grant),
        "aud": CLIENT_ID,
        "exp": int(now) + life_s,
        "iat": int(now),
        "auth_time": int(tokens.grant.agreed_at),
        "at_hash": _base64url(digest[: len(digest) // 2]),
        **({} if tokens.nonce is None else {"nonce": tokens.nonce}),
    }


def person(grant: Grant) -> dict[str, object]:
    """Claims about who agreed."""
    return {"sub": f"demo|{grant.account}", "preferred_username": grant.account}


def _public(key: rsa.RSAPrivateKey) -> dict[str, str]:
    """The members that make the key, in the order in which a thumbprint hashes them (RFC 7638, 3.2)."""
    numbers = key.public_key().public_numbers()
    return {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}


def _thumbprint(public: Mapping[str, str]) -> str:
    members = json.dumps(dict(public), separators=(",", ":"))
    return _base64url(hashlib.sha256(members.encode()).digest())


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
