"""HTTP/1.1 on asyncio streams, h11 for the protocol: one request per connection keeps it small.

A request comes whole before its handler is asked, but one of a handler's ``streamed`` routes: that reads the
body piece by piece, as ``Request.chunks``.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import h11

from vestibule_agent.relay import CHUNK_BYTES, Stream

MAX_BODY_BYTES = 1 << 20
REQUEST_S = 30
JSON = "application/json"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    chunks: AsyncIterator[bytes]
    """The body of a streamed one, to be read once."""

    def json(self) -> dict[str, Any]:
        """The body as an object.  Raises Refusal."""
        try:
            raw = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "bad_input", f"the body is not JSON: {error}") from error
        if not isinstance(raw, dict):
            raise Refusal(400, "bad_input", "the body is not a JSON object")
        return raw


class Refusal(Exception):
    """An answer that says why not."""

    def __init__(self, status: int, code: str, cause: str) -> None:
        super().__init__(cause)
        self.status, self.code, self.cause = status, code, cause


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """A JSON answer."""

    status: int
    body: bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lines:
    """An answer of lines without an end."""

    lines: AsyncIterator[bytes]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Content:
    """An answer of bytes whose number is known; fewer break the connection off."""

    length: int
    chunks: AsyncGenerator[bytes]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Upgrade:
    """An answer that turns the connection into raw bytes, which ``carry`` reads, writes and closes.

    It gets the bytes that came early, too.
    """

    protocol: str
    carry: Callable[[Stream, bytes], Awaitable[None]]


Result = Answer | Lines | Content | Upgrade


class Handler(Protocol):
    """Whoever answers."""

    streamed: frozenset[tuple[str, str]]
    """Method and path of the requests that are asked before their body has come."""

    async def __call__(self, request: Request) -> Result:
        """Answer.  Raises Refusal."""
        ...


def answer(status: int, value: dict[str, Any]) -> Answer:
    """A JSON answer from a value."""
    return Answer(status=status, body=json.dumps(value).encode())


async def serve(handler: Handler, listener: socket.socket) -> asyncio.Server:
    """Accept from a listening socket; every connection is one request to ``handler``."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, TimeoutError):
                await _Exchange(reader, writer).run(handler)
        finally:
            writer.close()

    return await asyncio.start_server(accept, sock=listener)


class _Exchange:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._connection = h11.Connection(h11.SERVER)

    async def run(self, handler: Handler) -> None:
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await self._request(handler.streamed)
            result = await handler(request)
        except Refusal as refusal:
            result = answer(refusal.status, {"code": refusal.code, "cause": refusal.cause})
        match result:
            case Answer():
                await self._answer(result)
            case Lines(lines=lines):
                await self._lines(lines)
            case Content():
                await self._content(result)
            case Upgrade():
                await self._upgrade(result)

    async def _request(self, streamed: frozenset[tuple[str, str]]) -> Request:
        head = await self._event()
        if not isinstance(head, h11.Request):
            raise ConnectionResetError
        request = _read(head, self._chunks())
        if (request.method, request.path) in streamed:
            return request
        body = bytearray()
        async for chunk in request.chunks:
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise Refusal(413, "too_large", f"a body has at most {MAX_BODY_BYTES} bytes")
        return dataclasses.replace(request, body=bytes(body))

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes.  Raises ConnectionResetError when it is broken off."""
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError
            elif event is h11.PAUSED:
                return

    async def _event(self) -> Any:  # noqa: ANN401 - h11's events and sentinels
        while (event := self._connection.next_event()) is h11.NEED_DATA:
            self._connection.receive_data(await self._reader.read(CHUNK_BYTES))
        return event

    async def _answer(self, result: Answer) -> None:
        length = str(len(result.body))
        headers = [("Content-Type", JSON), ("Content-Length", length), ("Connection", "close")]
        self._send(h11.Response(status_code=result.status, headers=headers))
        self._send(h11.Data(data=result.body))
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        await self._read_to_the_end()

    async def _read_to_the_end(self) -> None:
        """Who still sends would take a connection that is closed for a broken one, and not see the answer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REQUEST_S):
                while self._connection.their_state is h11.SEND_BODY:
                    await self._event()

    async def _content(self, result: Content) -> None:
        headers = [("Content-Type", "application/octet-stream"), ("Content-Length", str(result.length))]
        self._send(h11.Response(status_code=200, headers=[*headers, ("Connection", "close")]))
        sent = 0
        async with contextlib.aclosing(result.chunks) as chunks:
            async for chunk in chunks:
                sent += len(chunk)
                self._send(h11.Data(data=chunk))
                await self._writer.drain()
        if sent == result.length:
            self._send(h11.EndOfMessage())
            await self._writer.drain()

    async def _lines(self, lines: AsyncIterator[bytes]) -> None:
        headers = [("Content-Type", "application/x-ndjson"), ("Connection", "close")]
        self._send(h11.Response(status_code=200, headers=headers))
        await self._writer.drain()
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(self._follow(lines))
            # The client sends nothing more: its end of file means that it has gone.
            while await self._reader.read(CHUNK_BYTES):
                pass
            sending.cancel()

    async def _follow(self, lines: AsyncIterator[bytes]) -> None:
        with contextlib.suppress(ConnectionError):
            async for line in lines:
                self._send(h11.Data(data=line))
                await self._writer.drain()

    async def _upgrade(self, result: Upgrade) -> None:
        headers = [("Upgrade", result.protocol), ("Connection", "Upgrade")]
        self._send(h11.InformationalResponse(status_code=101, headers=headers))
        early, _ = self._connection.trailing_data
        await result.carry((self._reader, self._writer), early)

    def _send(self, event: h11.Event) -> None:
        self._writer.write(self._connection.send(event) or b"")


def _read(head: h11.Request, chunks: AsyncIterator[bytes]) -> Request:
    target = urlsplit(head.target.decode("ascii"))
    return Request(
        method=head.method.decode("ascii"),
        path=target.path,
        query={key: values[-1] for key, values in parse_qs(target.query).items()},
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers},
        body=b"",
        chunks=chunks,
    )
