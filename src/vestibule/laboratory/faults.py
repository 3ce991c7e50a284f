"""What a scenario does to an answer before an endpoint is asked: waits, and what is no provider's answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vestibule.laboratory.scenario import Broken, Scenario

_HTML = "<!doctype html><title>{0}</title><h1>{0}</h1>"
_ANSWERS: dict[Broken, Callable[[], Response]] = {
    Broken.NOT_JSON: lambda: Response("access_token=fake", media_type="application/json"),
    Broken.TRUNCATED: lambda: Response('{"access_token": "fake-', media_type="application/json"),
    Broken.NOT_AN_OBJECT: lambda: Response('["fake"]', media_type="application/json"),
    Broken.EMPTY: lambda: Response(media_type="application/json"),
    Broken.HTML_502: lambda: HTMLResponse(_HTML.format("502 Bad Gateway"), status_code=502),
    Broken.HTML_503: lambda: HTMLResponse(_HTML.format("503 Service Unavailable"), status_code=503),
}


class Faults:
    """ASGI middleware; the plain scenario's changes nothing."""

    def __init__(
        self, app: ASGIApp, *, scenario: Scenario, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        self._app = app
        self._scenario = scenario
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, break, or pass on."""
        path = scope.get("path", "")
        if (delay_s := self._scenario.delays_s.get(path)) is not None:
            await self._pause(delay_s)
        broken = self._scenario.broken.get(path)
        app = self._app if broken is None else _ANSWERS[broken]()
        await app(scope, receive, send)
