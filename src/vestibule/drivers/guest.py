"""The agent of one machine, over HTTP: implements the port ``Guest``.

A fresh connection per request (``connect`` gives a socket into the machine), h11 on it, no pool: a dozen
requests in a machine's life, and one long stream of events.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeVar

import h11

from vestibule.core.errors import Absent, Conflict, MachineFailed
from vestibule.core.failures import FailureCode
from vestibule_agent.protocol import (
    AGENT_PORT,
    MAX_CREDENTIAL_BYTES,
    Credential,
    Event,
    Health,
    LoginSpec,
)
from vestibule_desktop.messages import MAX_LINE_BYTES, Message, ProtocolError

Connect = Callable[[int], Awaitable[socket.socket]]
"""``Machine.connect``: a stream to a port of the guest, non-blocking."""

_CHUNK_BYTES = 65_536
_MAX_BODY_BYTES = 2 * MAX_CREDENTIAL_BYTES
ANSWER_TIMEOUT_S = 15.0
"""Where no setting says another."""
_M = TypeVar("_M", bound=Message)


class _Exchange:
    """One connection and one request on it; owns the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._http = h11.Connection(h11.CLIENT)
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: h11.Request, body: bytes) -> h11.Response | h11.InformationalResponse:
        """Send the request; returns the head of the answer.  Raises OSError, h11.ProtocolError."""
        data = self._http.send(request) or b""
        data += (self._http.send(h11.Data(data=body)) if body else None) or b""
        data += self._http.send(h11.EndOfMessage()) or b""
        await self._loop.sock_sendall(self.sock, data)
        event = await self._event()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise ConnectionResetError("the agent closed the connection without an answer")
        return event

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of the answer as it arrives."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._loop.sock_recv(self.sock, _CHUNK_BYTES))
        return event


class HttpGuest:
    """Speaks to the agent that ``connect`` leads to, with the token of its hand-over."""

    def __init__(self, connect: Connect, token: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """``timeout_s``: for each answer, not for the stream of events."""
        self._connect = connect
        self._timeout_s = timeout_s
        self._headers = [("Host", "agent"), ("Authorization", f"Bearer {token}")]

    async def alive(self) -> None:
        """See services.ports.Guest; an agent of before this route answers as well, that it has none."""
        await self._call("GET", "/livez", expect=frozenset({200, 404}))

    async def health(self) -> Health:
        """See services.ports.Guest; an unhealthy agent answers too, and its checks say why."""
        status, body = await self._call("GET", "/health", expect=frozenset({200, 503}))
        return _decode(Health, body, status)

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """See services.ports.Guest."""
        async with self._exchange("GET", f"/events?after={after}") as (exchange, head):
            if head.status_code != 200:
                _refuse(head.status_code, await _collect(exchange))
            async for line in _lines(exchange):
                yield _decode(Event, line, 200)
        raise _unreachable("the stream of events ended")

    async def login(self, spec: LoginSpec) -> None:
        """See services.ports.Guest.  Raises Conflict ``login_running`` when one runs already."""
        await self._call("POST", "/login", spec.encode(), expect=frozenset({202}))

    async def open_url(self, url: str) -> None:
        """See services.ports.Guest."""
        await self._post("/open-url", {"url": url})

    async def type_text(self, text: str, *, enter: bool) -> None:
        """See services.ports.Guest."""
        await self._post("/input", {"text": text, "enter": enter})

    async def screen(self) -> str:
        """See services.ports.Guest."""
        _status, body = await self._call("GET", "/screen", expect=frozenset({200}))
        return str(_object(body).get("text", ""))

    async def claim_credential(self) -> Credential:
        """See services.ports.Guest."""
        status, body = await self._call("POST", "/credential/claim", expect=frozenset({200}))
        return _decode(Credential, body, status)

    async def open_vnc(self) -> socket.socket:
        """See services.ports.Guest; the socket is non-blocking and holds every byte the desktop sent.

        Not by h11's reader: it would take bytes of the stream behind the answer out of the socket.
        """
        sock = await self._open()
        try:
            async with self._timed():
                return await self._upgrade(sock)
        except (OSError, h11.ProtocolError) as error:
            sock.close()
            raise _unreachable(f"GET /vnc broke: {_plainly(error)}") from error
        except BaseException:
            sock.close()
            raise

    async def _upgrade(self, sock: socket.socket) -> socket.socket:
        http = h11.Connection(h11.CLIENT)
        headers = [*self._headers, ("Connection", "Upgrade"), ("Upgrade", "rfb")]
        request = http.send(h11.Request(method="GET", target="/vnc", headers=headers)) or b""
        end = http.send(h11.EndOfMessage()) or b""
        await asyncio.get_running_loop().sock_sendall(sock, request + end)
        http.receive_data(await _read_head(sock))
        answer = http.next_event()
        if isinstance(answer, h11.InformationalResponse) and answer.status_code == 101:
            return sock
        raise _unreachable(f"the agent did not open the desktop: {answer!r}")

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        await self._call("POST", path, json.dumps(body).encode(), expect=frozenset({202}))

    async def _call(
        self, method: str, path: str, body: bytes = b"", *, expect: frozenset[int]
    ) -> tuple[int, bytes]:
        async with self._timed(), self._exchange(method, path, body) as (exchange, head):
            answer = await _collect(exchange)
        if head.status_code not in expect:
            _refuse(head.status_code, answer)
        return head.status_code, answer

    @contextlib.asynccontextmanager
    async def _exchange(
        self, method: str, path: str, body: bytes = b""
    ) -> AsyncIterator[tuple[_Exchange, h11.Response | h11.InformationalResponse]]:
        """Ask, and hold the connection while the answer is read; what breaks becomes MachineFailed."""
        headers = [*self._headers, ("Content-Length", str(len(body)))]
        with await self._open() as sock:
            exchange = _Exchange(sock)
            try:
                async with self._timed():
                    head = await exchange.ask(h11.Request(method=method, target=path, headers=headers), body)
                yield exchange, head
            except (OSError, h11.ProtocolError) as error:
                raise _unreachable(f"{method} {path} broke: {_plainly(error)}") from error

    async def _open(self) -> socket.socket:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._connect(AGENT_PORT)
        except OSError as error:
            raise _unreachable(f"connecting to port {AGENT_PORT} failed: {_plainly(error)}") from error

    @contextlib.asynccontextmanager
    async def _timed(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            raise _unreachable(f"the agent did not answer within {self._timeout_s:g} s") from error


async def _collect(exchange: _Exchange) -> bytes:
    body = bytearray()
    async for chunk in exchange.chunks():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise _unreachable(f"the agent's answer is longer than {_MAX_BODY_BYTES} bytes")
    return bytes(body)


async def _lines(exchange: _Exchange) -> AsyncIterator[bytes]:
    """Whole lines of a streamed body; blank ones only keep the connection alive."""
    rest = b""
    async for chunk in exchange.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            yield line
        if len(rest) > MAX_LINE_BYTES:
            raise _unreachable(f"an event is longer than {MAX_LINE_BYTES} bytes")


async def _read_head(sock: socket.socket) -> bytes:
    """Take exactly the head of an answer out of the socket: look first, then take what belongs to it."""
    loop = asyncio.get_running_loop()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > MAX_LINE_BYTES or not (first := await loop.sock_recv(sock, 1)):
            raise ConnectionResetError("the agent closed the connection without an answer")
        head += first
        with contextlib.suppress(BlockingIOError):
            head += sock.recv(_belonging(head, sock.recv(_CHUNK_BYTES, socket.MSG_PEEK)))
    return head


def _belonging(head: bytes, ahead: bytes) -> int:
    """How many of the bytes ``ahead`` belong to the head of which ``head`` was already taken."""
    end = (head + ahead).find(b"\r\n\r\n")
    return len(ahead) if end < 0 else end + 4 - len(head)


def _decode(kind: type[_M], body: bytes, status: int) -> _M:
    try:
        return kind.decode(body)
    except ProtocolError as error:
        raise MachineFailed(
            f"the agent answered {status} with something that is not of this contract: {error}",
            remedy="vestibule golden build",
            code="agent_mismatch",
        ) from error


def _object(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        if isinstance(found := json.loads(body), dict):
            return found
    return {}


def _refuse(status: int, body: bytes) -> NoReturn:
    """The agent's own refusal, as the error that the caller can decide on."""
    said = _object(body)
    cause = str(said.get("cause") or f"the agent answered {status}")
    match status:
        case 404 | 410:
            raise Absent(
                cause,
                remedy="Wait for the tool to write its credential, or sign in again.",
                code=_code(said, "credential_absent"),
            )
        case 409:
            raise Conflict(
                cause, remedy="Cancel this session and start a new one.", code=_code(said, "login_running")
            )
        case _:
            raise MachineFailed(
                cause, remedy="Start a new session.", code=_code(said, "agent_refused"), status=status
            )


def _code(said: dict[str, Any], otherwise: str) -> str:
    """The agent's own word, where it is one of ours: a guest is not trusted."""
    code = said.get("code")
    return code if isinstance(code, str) and code in set(FailureCode) else otherwise


def _plainly(error: OSError | h11.ProtocolError) -> str:
    """For people: neither a number of the kernel's nor the states of a parser."""
    if isinstance(error, h11.ProtocolError):
        return "the agent ended the connection in the middle of its answer"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return error.strerror or str(error) or type(error).__name__


def _unreachable(cause: str) -> MachineFailed:
    return MachineFailed(
        f"the machine's agent is out of reach: {cause}",
        remedy="Start a new session; the machine's console log is kept as evidence.",
        code="agent_unreachable",
    )
