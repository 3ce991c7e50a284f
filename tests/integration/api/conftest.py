"""The real app of a lab's controller: in process, and on a port of its own for WebSockets and streams."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from lab import SCRIPT, Lab, open_lab

from vestibule.core.records import User
from vestibule.drivers.http_server import HttpServer, bind
from vestibule.main import build_app

ORIGIN = "http://lab.test"
Client = Callable[[User | None], AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with open_lab(tmp_path, script=dataclasses.replace(SCRIPT)) as opened:
        yield opened


@pytest.fixture
def app(lab: Lab) -> FastAPI:
    return build_app(lab.context)


@asynccontextmanager
async def client_of(app: FastAPI, lab: Lab, user: User | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client with this user's API token; defects come as answers, as a browser sees them."""
    headers = {}
    if user is not None:
        token = await lab.context.accounts.issue_token(user, "test")
        headers["Authorization"] = f"Bearer {token.secret}"
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client


@pytest.fixture
async def nobody(app: FastAPI, lab: Lab) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, lab, None) as client:
        yield client


@pytest.fixture
async def ann(app: FastAPI, lab: Lab) -> AsyncIterator[httpx.AsyncClient]:
    """The operator."""
    async with client_of(app, lab, lab.ann) as client:
        yield client


@pytest.fixture
async def bob(app: FastAPI, lab: Lab) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, lab, lab.bob) as client:
        yield client


@pytest.fixture
async def served(app: FastAPI, lab: Lab) -> AsyncIterator[str]:
    """``host:port`` of the app on the controller's own server."""
    server = HttpServer(app, on_stop=lab.sign_ins.close_feed)
    with bind("127.0.0.1", 0) as sock:
        serving = asyncio.create_task(server.serve([sock]))
        await server.listening.wait()
        yield f"127.0.0.1:{sock.getsockname()[1]}"
        server.should_exit = True
        await serving
