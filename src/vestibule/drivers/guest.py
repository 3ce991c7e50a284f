"""The agent of one machine, over HTTP: implements the port ``Guest``."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
from collections.abc import AsyncIterator, Coroutine
from typing import NoReturn
from urllib.parse import urlencode

import h11

from vestibule.core.errors import BadInput
from vestibule.drivers.guest_http import (
    Connect,
    Exchange,
    GuestHttp,
    agent_mismatch,
    collect,
    decode,
    lines_of,
    object_of,
    refuse,
    unreachable,
)
from vestibule.services.ports import GuestFile
from vestibule_agent.file_names import name_of
from vestibule_agent.protocol import (
    MAX_CLIPBOARD_BYTES,
    Copied,
    Credential,
    DownloadsFile,
    DownloadsList,
    Event,
    Health,
    LoginSpec,
)

ANSWER_TIMEOUT_S = 15.0
"""Where no setting says another."""
SENDER_TIMEOUT_S = 60.0
"""A person's connection may stall for longer than an agent: between two parts of a file that they send."""
_MAX_COPY_BYTES = 6 * MAX_CLIPBOARD_BYTES + 1024
"""Of a copied text as JSON, were each of its characters escaped."""


class HttpGuest:
    """Speaks to the agent that ``connect`` leads to, with the token of its hand-over."""

    def __init__(self, connect: Connect, token: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """``timeout_s``: for each answer, and each part of a file; not for streams of events."""
        self._http = GuestHttp(connect, token, timeout_s)

    async def alive(self) -> None:
        """See services.ports.Guest; an agent of before this route answers as well, that it has none."""
        await self._http.call("GET", "/livez", expect=frozenset({200, 404}))

    async def health(self) -> Health:
        """See services.ports.Guest; an unhealthy agent answers too, and its checks say why."""
        status, body = await self._http.call("GET", "/health", expect=frozenset({200, 503}))
        return decode(Health, body, status)

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """See services.ports.Guest."""
        async with self._http.exchange("GET", f"/events?after={after}") as (exchange, head):
            if head.status_code != 200:
                await self._refuse(exchange, head.status_code)
            async for line in lines_of(exchange):
                yield decode(Event, line, 200)
        raise unreachable("the stream of events ended")

    async def login(self, spec: LoginSpec) -> None:
        """See services.ports.Guest.  Raises Conflict ``login_running`` when one runs already."""
        await self._http.call("POST", "/login", spec.encode(), expect=frozenset({202}))

    async def open_url(self, url: str) -> None:
        """See services.ports.Guest."""
        await self._http.post("/open-url", {"url": url})

    async def type_text(self, text: str, *, enter: bool) -> None:
        """See services.ports.Guest."""
        await self._http.post("/input", {"text": text, "enter": enter})

    async def screen(self) -> str:
        """See services.ports.Guest."""
        _status, body = await self._http.call("GET", "/screen", expect=frozenset({200}))
        return str(object_of(body).get("text", ""))

    async def claim_credential(self) -> Credential:
        """See services.ports.Guest."""
        status, body = await self._http.call("POST", "/credential/claim", expect=frozenset({200}))
        return decode(Credential, body, status)

    async def open_vnc(self) -> socket.socket:
        """See services.ports.Guest; the socket is non-blocking and holds every byte the desktop sent."""
        return await self._http.upgraded("/vnc", "rfb")

    async def open_terminal(self, columns: int, rows: int) -> socket.socket:
        """See services.ports.Guest; the socket is non-blocking."""
        return await self._http.upgraded(f"/terminal?columns={columns}&rows={rows}", "terminal")

    async def set_clipboard(self, text: str) -> None:
        """See services.ports.Guest."""
        await self._http.call("PUT", "/clipboard", text.encode(errors="replace"), expect=frozenset({202}))

    async def copies(self, after: int | None = None) -> AsyncIterator[Copied]:
        """See services.ports.Guest."""
        query = "" if after is None else f"?after={after}"
        async with self._http.exchange("GET", f"/clipboard{query}") as (exchange, head):
            if head.status_code != 200:
                await self._refuse(exchange, head.status_code)
            async for line in lines_of(exchange, _MAX_COPY_BYTES):
                copied = decode(Copied, line, 200)
                told: tuple[object, object] = (copied.number, copied.text)  # decoded from what a guest sent
                if not isinstance(told[0], int) or not isinstance(told[1], str | None):
                    raise agent_mismatch("a copy that is none")
                yield copied
        raise unreachable("the stream of copies ended")

    async def files(self) -> DownloadsList:
        """See services.ports.Guest."""
        status, body = await self._http.call("GET", "/files", expect=frozenset({200}))
        found = decode(DownloadsList, body, status)
        return DownloadsList(files=[_sane(file) for file in found.files])

    async def take_in(
        self, name: str, size: int, chunks: AsyncIterator[bytes], *, quota: int
    ) -> DownloadsFile:
        """See services.ports.Guest."""
        target = "/files?" + urlencode({"name": name, "quota": quota}, errors="surrogateescape")
        async with self._http.sending("PUT", target, size) as exchange:
            head = await self._answered(exchange, _send_all(exchange, chunks, self._http))
            async with self._http.timed():
                answer = await collect(exchange)
        if head.status_code != 201:
            refuse(head.status_code, answer)
        return _sane(decode(DownloadsFile, answer, head.status_code))

    async def _answered(
        self, exchange: Exchange, sending: Coroutine[None, None, None]
    ) -> h11.Response | h11.InformationalResponse:
        """The head of an answer that may come before all was sent: a refusal."""
        sender, head = asyncio.create_task(sending), asyncio.create_task(exchange.head())
        try:
            await asyncio.wait({sender, head}, return_when=asyncio.FIRST_COMPLETED)
            if not head.done():
                sender.result()
            async with self._http.timed():
                return await head
        finally:
            sender.cancel()
            head.cancel()
            await asyncio.gather(sender, head, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def file(self, file: str) -> AsyncIterator[GuestFile]:
        """See services.ports.Guest."""
        target = "/files?" + urlencode({"file": file})
        async with self._http.exchange("GET", target) as (exchange, head):
            if head.status_code != 200:
                await self._refuse(exchange, head.status_code)
            size = next((int(value) for name, value in head.headers if name == b"content-length"), 0)
            yield GuestFile(size=size, chunks=_timed(exchange.chunks(), self._http))

    async def _refuse(self, exchange: Exchange, status: int) -> NoReturn:
        async with self._http.timed():
            body = await collect(exchange)
        refuse(status, body)


async def _timed(chunks: AsyncIterator[bytes], http: GuestHttp) -> AsyncIterator[bytes]:
    """Each in time, from when it is asked for.  Raises MachineFailed."""
    while True:
        async with http.timed():
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


async def _sent(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What a person sends.  Raises BadInput ``upload_broken_off`` when nothing more comes."""
    while True:
        try:
            async with asyncio.timeout(SENDER_TIMEOUT_S):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise BadInput(
                f"Nothing of the file came for {SENDER_TIMEOUT_S:g} s.",
                remedy="Send it again.",
                code="upload_broken_off",
            ) from error
        if chunk is None:
            return
        yield chunk


async def _send_all(exchange: Exchange, chunks: AsyncIterator[bytes], http: GuestHttp) -> None:
    async for chunk in _sent(chunks):
        async with http.timed():
            await exchange.send(h11.Data(data=chunk))
    async with http.timed():
        await exchange.send(h11.EndOfMessage())


def _sane(file: DownloadsFile) -> DownloadsFile:
    """A guest is not trusted.  Raises MachineFailed ``agent_mismatch``."""
    told: tuple[object, object] = (file.name, file.size)
    with contextlib.suppress(LookupError, TypeError, AttributeError, ValueError):
        name_of(file.file)
        dt.datetime.fromisoformat(file.modified_at)
        if isinstance(told[0], str) and isinstance(told[1], int) and file.size >= 0:
            return file
    raise agent_mismatch("a file that is none")
