"""The built web app: one page for every address of the dashboard, assets that may be cached for ever."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from vestibule.core.errors import HostUnfit

HOME = "/dashboard/remote-cli"

_NONCE = "__CSP_NONCE__"
"""What stands in the built page (web/vite.config.ts) in the place of its nonce."""

_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def policy(nonce: str) -> str:
    """The page's Content-Security-Policy.

    Scripts come from our own origin alone.  Mantine writes style elements at run time: those that carry this
    page's own ``nonce`` are let in.
    """
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}';"
        " img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    )


def router(web_dir: Path) -> APIRouter:
    """Routes of the page itself."""
    pages = APIRouter(include_in_schema=False)

    def page() -> HTMLResponse:
        index = web_dir / "index.html"
        if not index.is_file():
            raise HostUnfit(
                "The web app was not built into this installation.",
                remedy="Run make up in the checkout, or install the released wheel.",
                code="web_app_missing",
            )
        nonce = secrets.token_urlsafe(16)
        return HTMLResponse(
            index.read_text().replace(_NONCE, nonce),
            headers={**_HEADERS, "Content-Security-Policy": policy(nonce)},
        )

    async def home() -> RedirectResponse:
        return RedirectResponse(HOME)

    pages.add_api_route("/", home)
    pages.add_api_route("/sign-in", page)
    pages.add_api_route("/watch", page)
    pages.add_api_route("/dashboard", home)
    pages.add_api_route("/dashboard/{path:path}", page)
    return pages


def assets(web_dir: Path) -> ASGIApp:
    """The files that the page loads, compressed for those that ask for it.

    Only these are: what an API answer says next to a secret would show in the size of the two together.
    """
    files = _Hashed(directory=web_dir / "assets", check_dir=False)
    return GZipMiddleware(files, minimum_size=1000, compresslevel=6)


class _Hashed(StaticFiles):
    """Files whose names have the hash of what is in them: another content would be another file."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        if _HASHED.search(Path(full_path).name):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


_HASHED = re.compile(r"-[\w-]{8}\.(js|css)$")
