from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
import structlog

from vestibule.cli import controller as controllers
from vestibule.client import Controller

Script = dict[tuple[str, str], httpx.Response]
"""Method and path → what the controller answers."""


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Commands set logging up, for their whole process."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], list[httpx.Request]]:
    """Make commands talk to a script; returns the list of requests, which fills as they are sent."""

    def start(script: Script) -> list[httpx.Request]:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return script[request.method, request.url.path]

        def connect(url: str | None) -> Controller:
            return Controller(url or "http://controller.test", "fake-token", httpx.MockTransport(answer))

        monkeypatch.setattr(controllers, "connect", connect)
        for name in ("session", "vm", "user", "token", "credentials", "failures", "audit", "view_links"):
            monkeypatch.setattr(f"vestibule.cli.{name}.connect", connect)
        return seen

    return start
