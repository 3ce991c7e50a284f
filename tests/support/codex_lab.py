"""What the real Codex signs in to in tests: its device protocol, as seen on the wire, one fake account.

::

    Codex → usercode → (device_auth_id, user_code)
          → token    → 403 until the person's page was opened and agreed, then an authorization code
          → oauth    → id, access and refresh token
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

from serving import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from vestibule.laboratory.identity import Signer
from vestibule.laboratory.store import challenge_of

HOST = "login.codex.test"
USER_CODE = "FAKE-12345"
VERIFIER = "fake-verifier-fake-verifier-fake-verifier-1"
ACCOUNT = "fake-account"
CLAIMS = {
    "email": "fake@example.com",
    "https://api.openai.com/auth": {"chatgpt_account_id": ACCOUNT, "chatgpt_plan_type": "fake"},
}


class CodexLab:
    """Agrees as soon as a browser has shown the person's page."""

    def __init__(self) -> None:
        self.page_opened = threading.Event()
        self._signer = Signer()
        self.app = Starlette(
            routes=[
                Route("/api/accounts/deviceauth/usercode", self._user_code, methods=["POST"]),
                Route("/api/accounts/deviceauth/token", self._device_token, methods=["POST"]),
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/codex/device", self._page),
            ]
        )

    async def _user_code(self, _: Request) -> Response:
        return JSONResponse({"device_auth_id": "fake-device", "user_code": USER_CODE, "interval": "1"})

    async def _device_token(self, request: Request) -> Response:
        asked = await request.json()
        if asked != {"device_auth_id": "fake-device", "user_code": USER_CODE}:
            return JSONResponse({"error": "unknown device"}, status_code=400)
        if not self.page_opened.is_set():
            return JSONResponse({"error": "authorization_pending"}, status_code=403)
        proof = {"code_challenge": challenge_of(VERIFIER), "code_verifier": VERIFIER}
        return JSONResponse({"authorization_code": "fake-code", **proof})

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("code") != "fake-code" or form.get("code_verifier") != VERIFIER:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        tokens = {name: await self._signer.sign(CLAIMS) for name in ("id_token", "access_token")}
        return JSONResponse({**tokens, "refresh_token": "fake-refresh-token"})

    async def _page(self, _: Request) -> Response:
        self.page_opened.set()
        return HTMLResponse("<!doctype html><title>Fake device page</title><h1>Agreed</h1>")


@contextlib.contextmanager
def serving(path: Path) -> Iterator[CodexLab]:
    """The lab on a UNIX socket."""
    lab = CodexLab()
    with served(lab.app, path):
        yield lab
