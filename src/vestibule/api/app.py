"""The HTTP app: routes, errors and the built page put together."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vestibule.api import errors, pages
from vestibule.api.routes import (
    accounts,
    catalogue,
    credentials,
    goldens,
    health,
    host_history,
    logs,
    machines,
    sessions,
    settings,
    tables,
    timelines,
    view_links,
    viewing,
)
from vestibule_agent.protocol import MAX_CLIPBOARD_BYTES

MAX_BODY_BYTES = 128 * 1024
"""A pasted text of the longest kind, every character of it escaped."""

MAX_RETURN_BYTES = 2 * 1024 * 1024
"""A credential file of the largest size in base64, and room for one that is refused for being larger."""

_RESOURCES = (
    sessions,
    machines,
    viewing,
    logs,
    timelines,
    accounts,
    credentials,
    goldens,
    catalogue,
    health,
    host_history,
    tables,
    settings,
    view_links,
)
MAX_CLIPBOARD_BODY_BYTES = 6 * MAX_CLIPBOARD_BYTES + 1024
"""A text of the largest size as JSON, every character of it escaped."""

_LARGER = (
    (re.compile(r"/api/credentials/[^/]+/return"), MAX_RETURN_BYTES),
    (re.compile(r"/api/vm/[^/]+/clipboard"), MAX_CLIPBOARD_BODY_BYTES),
    # A file is counted, and passed on, as it comes (services/viewing.py).
    (re.compile(r"/api/vm/[^/]+/files"), sys.maxsize),
)
"""Where more is taken."""


def create(web_dir: Path) -> FastAPI:
    """The app; whoever serves it sets ``app.state.context`` first.  Its OpenAPI document needs nothing."""
    app = FastAPI(
        title="Vestibule",
        version="1",
        openapi_url=None,  # a route of ours serves it, to who has signed in
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.turnstile = asyncio.Semaphore(sessions.STARTS_AT_ONCE)
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(NoStore)
    for resource in _RESOURCES:
        app.include_router(resource.router, responses=errors.RESPONSES)
    app.mount("/dashboard/assets", pages.assets(web_dir))
    app.include_router(pages.router(web_dir))
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


class BodyLimit:
    """Nothing that the API takes is larger than MAX_BODY_BYTES but what is named; more is not read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        taken = 0
        path = scope.get("path", "")
        most = next((larger for named, larger in _LARGER if named.fullmatch(path)), MAX_BODY_BYTES)

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, f"The request's body is larger than {most} bytes")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)


class NoStore:
    """What the API answers belongs to one person: no cache keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        private = scope["type"] == "http" and scope["path"].startswith("/api/")
        await self._app(scope, receive, marked if private else send)
