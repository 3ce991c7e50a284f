"""Posts events to the operator's address, signed if there is a secret.

``Vestibule-Signature: sha256=<hex>`` is HMAC-SHA256 of the body as sent, keyed with the secret.  The address
may hold a token of its own: it is in no message, only its host is.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import stat
from collections.abc import Mapping
from pathlib import Path

import httpx

from vestibule.core.errors import SettingsInvalid, Unavailable

SIGNATURE = "Vestibule-Signature"
TIMEOUT_S = 10.0
MIN_SECRET_BYTES = 16


class HttpWebhook:
    """Implements ``services.ports.Webhook``; a connection per event."""

    def __init__(self, url: str, secret: bytes | None, *, timeout_s: float = TIMEOUT_S) -> None:
        self._url = url
        self._secret = secret
        self._timeout_s = timeout_s

    async def post(self, event: Mapping[str, object]) -> None:
        """Raises Unavailable ``webhook_failed`` unless it was taken (2xx)."""
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "vestibule", **self._signature(body)}
        try:
            async with asyncio.timeout(self._timeout_s):  # of all of it: httpx's own is for each read
                answer = await self._send(body, headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._failed(f"broke: {type(error).__name__}") from None  # its text may hold the address
        if not answer.is_success:
            raise self._failed(f"was answered with {answer.status_code}")

    async def _send(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """The head of the answer: its body is nobody's concern, however long it is."""
        async with (
            httpx.AsyncClient(timeout=self._timeout_s) as client,
            client.stream("POST", self._url, content=body, headers=headers) as answer,
        ):
            return answer

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        return {SIGNATURE: f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"}

    def _failed(self, what: str) -> Unavailable:
        return Unavailable(
            f"Posting to {_host(self._url)} {what}.",
            remedy="Look at webhook_url and at what answers there.",
            code="webhook_failed",
        )


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except (httpx.InvalidURL, ValueError):
        return "the webhook"


def read_secret(path: Path, what: str = "webhook", code: str = "webhook_secret_invalid") -> bytes:
    """The secret in a file of mode 0600, blanks around it left off.

    ``what`` it is of.  Raises SettingsInvalid with this code.
    """
    try:
        mode, secret = stat.S_IMODE(path.stat().st_mode), path.read_bytes().strip()
    except OSError as error:
        unread = f"The {what}'s secret {path} cannot be read: {error.strerror}."
        raise SettingsInvalid(unread, remedy="Name the right file.", code=code) from error
    if len(secret) < MIN_SECRET_BYTES:
        problem, remedy = f"holds less than {MIN_SECRET_BYTES} bytes", "Make one: openssl rand -hex 32."
    elif mode & 0o077:
        problem, remedy = f"can be read by others (mode {mode:04o})", f"Run: chmod 600 {path}"
    else:
        return secret
    raise SettingsInvalid(f"The {what}'s secret {path} {problem}.", remedy=remedy, code=code)
