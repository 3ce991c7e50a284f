"""One plain HTTP request through the proxy: parsed, checked and written anew on both sides (h11).

One request per connection: the answer says ``Connection: close``, so nothing can be smuggled behind it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import html
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

import h11

from vestibule.drivers.net.relay import Stream

MAX_HEAD_BYTES = 65_536
_CHUNK_BYTES = 65_536
_PORT_DIGITS = 5
"""Python refuses to read a number of thousands of digits with an error of its own."""
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer upgrade"
    b" expect host".split()
)
"""RFC 9110, section 7.6.1, and what is written here anew; by Transfer-Encoding h11 frames."""


SMALL_BODY_BYTES = 32_768


class BadRequest(Exception):
    """The client's request is not one a proxy can serve; the text says why."""


class BadAnswer(Exception):
    """The site closed early, or answered something that is not HTTP."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Target:
    """Where a request wants to go; ``path`` is None for a tunnel (CONNECT)."""

    host: str
    port: int
    authority: str
    path: str | None


class HttpPeer:
    """One side of the exchange: h11's state and the stream under it."""

    def __init__(self, role: type[h11.CLIENT | h11.SERVER], stream: Stream) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=MAX_HEAD_BYTES)
        self.reader, self.writer = stream

    async def next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        """The next event of h11.  Raises h11.RemoteProtocolError."""
        while True:
            event = self.http.next_event()
            if not isinstance(event, type) or event is h11.PAUSED:
                return event
            self.http.receive_data(await self.reader.read(_CHUNK_BYTES))

    async def send(self, *events: h11.Event) -> None:
        """Write events at once, and wait until the peer keeps up."""
        data = b"".join(self.http.send(event) or b"" for event in events)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    def rest(self) -> bytes:
        """What arrived after the request, before the protocol changed."""
        return self.http.trailing_data[0]


async def read_request(client: HttpPeer) -> tuple[h11.Request, Target]:
    """Read one request's head.  Raises BadRequest; EOFError when the client closed without a request."""
    try:
        event = await client.next_event()
    except h11.RemoteProtocolError as error:
        raise BadRequest(str(error)) from error
    if not isinstance(event, h11.Request):
        raise EOFError  # noqa: TRY004 - the client hung up
    target = event.target.decode("ascii")
    return event, _tunnel(target) if event.method == b"CONNECT" else _absolute(target)


def _tunnel(target: str) -> Target:
    host, _, port = target.rpartition(":")
    if not host or not port.isdigit() or len(port) > _PORT_DIGITS:
        raise BadRequest(f"CONNECT needs host:port, not {target!r}")
    return Target(host=host.strip("[]"), port=int(port), authority=target, path=None)


def _absolute(target: str) -> Target:
    try:
        url = urlsplit(target)
        port = url.port or 80
    except ValueError as error:
        raise BadRequest(f"the URL is malformed: {target!r}") from error
    if url.scheme != "http" or not url.hostname or url.username is not None:
        raise BadRequest(f"an absolute http:// URL is needed, not {target!r}")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Target(host=url.hostname, port=port, authority=url.netloc, path=path)


async def forward(client: HttpPeer, request: h11.Request, target: Target, stream: Stream) -> None:
    """Carry the request to the site and its answer back.  Raises BadAnswer before the answer's head."""
    site = HttpPeer(h11.CLIENT, stream)
    sending = asyncio.create_task(_send_request(client, site, request, target))
    try:
        await _send_answer(client, site)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _send_request(client: HttpPeer, site: HttpPeer, request: h11.Request, target: Target) -> None:
    """Head and a small body go out in one piece.

    A site may answer and hang up before it has read the body; a write that fails then would take the
    answer with it.
    """
    headers = [(b"host", target.authority.encode()), *_end_to_end(request.headers)]
    headers.append((b"connection", b"close"))
    head = h11.Request(method=request.method, target=target.path or "/", headers=headers)
    try:
        if client.http.they_are_waiting_for_100_continue:
            await client.send(h11.InformationalResponse(status_code=100, headers=[]))
        await site.send(head, *await _beginning(client))
        if site.http.our_state is h11.SEND_BODY:
            await _copy_body(client, site)
    except (OSError, h11.ProtocolError):
        return  # the site may answer before it has read everything; its answer decides


async def _beginning(client: HttpPeer) -> list[h11.Data | h11.EndOfMessage]:
    """The body's events up to its end, or to the first SMALL_BODY_BYTES of it."""
    events: list[h11.Data | h11.EndOfMessage] = []
    size = 0
    while size < SMALL_BODY_BYTES:
        event = await client.next_event()
        if not isinstance(event, h11.Data):
            return [*events, h11.EndOfMessage()]
        events.append(event)
        size += len(event.data)
    return events


async def _send_answer(client: HttpPeer, site: HttpPeer) -> None:
    head = await _answer_head(site)
    headers = [*_end_to_end(head.headers), (b"connection", b"close")]
    await client.send(h11.Response(status_code=head.status_code, reason=head.reason, headers=headers))
    await _copy_body(site, client)


async def _answer_head(site: HttpPeer) -> h11.Response:
    try:
        while not isinstance(event := await site.next_event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise BadAnswer("it closed the connection without an answer")
    except (OSError, h11.RemoteProtocolError) as error:
        raise BadAnswer(str(error)) from error
    return event


async def _copy_body(source: HttpPeer, sink: HttpPeer) -> None:
    while isinstance(event := await source.next_event(), h11.Data):
        await sink.send(h11.Data(data=event.data))
    await sink.send(h11.EndOfMessage())


def _end_to_end(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    }
    unwanted = _HOP_BY_HOP | named
    return [(name, value) for name, value in headers if name not in unwanted]


async def refuse(
    client: HttpPeer, request: h11.Request | None, *, status: int, code: str, cause: str
) -> None:
    """Answer with a small page, or JSON for a program, that names the code."""
    wants_page = request is not None and any(
        name == b"accept" and b"text/html" in value for name, value in request.headers
    )
    body = _page(code, cause) if wants_page else json.dumps({"code": code, "cause": cause}).encode() + b"\n"
    kind = b"text/html; charset=utf-8" if wants_page else b"application/json"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await client.send(h11.Response(status_code=status, headers=headers))
    await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


def _page(code: str, cause: str) -> bytes:
    return (
        "<!doctype html><meta charset=utf-8><title>Not loaded</title>"
        "<body style='font:18px sans-serif;margin:4em auto;max-width:32em'>"
        f"<h1>This page was not loaded</h1><p>{html.escape(cause)}</p><p><code>{html.escape(code)}</code></p>"
    ).encode()
