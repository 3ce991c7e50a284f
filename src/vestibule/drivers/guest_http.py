"""HTTP to the agent of one machine: connections, time limits, and what the agent's refusals mean.

A fresh connection per request (``connect`` gives a socket into the machine), h11 on it, no pool: a dozen
requests in a machine's life, and few long streams.
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
from vestibule_agent.protocol import AGENT_PORT, MAX_CREDENTIAL_BYTES
from vestibule_desktop.messages import MAX_LINE_BYTES, Message, ProtocolError

Connect = Callable[[int], Awaitable[socket.socket]]
"""``Machine.connect``: a stream to a port of the guest, non-blocking."""

CHUNK_BYTES = 65_536
_MAX_BODY_BYTES = 2 * MAX_CREDENTIAL_BYTES
_M = TypeVar("_M", bound=Message)


class Exchange:
    """One connection and one request on it; owns the socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._http = h11.Connection(h11.CLIENT)
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: h11.Request, body: bytes) -> h11.Response | h11.InformationalResponse:
        """Send the request; returns the head of the answer.  Raises OSError, h11.ProtocolError."""
        await self.send(request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage())
        return await self.head()

    async def send(self, *events: h11.Event) -> None:
        """Send parts of a request, no faster than they are taken.  Raises OSError, h11.ProtocolError."""
        data = b"".join(self._http.send(event) or b"" for event in events)
        await self._loop.sock_sendall(self.sock, data)

    async def head(self) -> h11.Response | h11.InformationalResponse:
        """The head of the answer, once it comes.  Raises OSError, h11.ProtocolError."""
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
            self._http.receive_data(await self._loop.sock_recv(self.sock, CHUNK_BYTES))
        return event


class GuestHttp:
    """Speaks to the agent that ``connect`` leads to, with the token of its hand-over."""

    def __init__(self, connect: Connect, token: str, timeout_s: float) -> None:
        """``timeout_s``: for each answer, not for a stream."""
        self._connect = connect
        self._timeout_s = timeout_s
        self._headers = [("Host", "agent"), ("Authorization", f"Bearer {token}")]

    async def post(self, path: str, body: dict[str, Any]) -> None:
        """Have it do something.  Raises as ``call``."""
        await self.call("POST", path, json.dumps(body).encode(), expect=frozenset({202}))

    async def call(
        self, method: str, path: str, body: bytes = b"", *, expect: frozenset[int]
    ) -> tuple[int, bytes]:
        """Ask and take the whole answer: its status and body.

        Raises MachineFailed, Absent or Conflict for a status that was not to be expected.
        """
        async with self.timed(), self.exchange(method, path, body) as (exchange, head):
            answer = await collect(exchange)
        if head.status_code not in expect:
            refuse(head.status_code, answer)
        return head.status_code, answer

    @contextlib.asynccontextmanager
    async def exchange(
        self, method: str, path: str, body: bytes = b""
    ) -> AsyncIterator[tuple[Exchange, h11.Response | h11.InformationalResponse]]:
        """Ask, and hold the connection while the answer is read; what breaks becomes MachineFailed."""
        request = self._request(method, path, len(body))
        async with self._connected(method, path) as exchange:
            async with self.timed():
                head = await exchange.ask(request, body)
            yield exchange, head

    @contextlib.asynccontextmanager
    async def sending(self, method: str, path: str, size: int) -> AsyncIterator[Exchange]:
        """Begin a request, whose body the caller sends; what breaks becomes MachineFailed."""
        async with self._connected(method, path) as exchange:
            async with self.timed():
                await exchange.send(self._request(method, path, size))
            yield exchange

    def _request(self, method: str, path: str, size: int) -> h11.Request:
        headers = [*self._headers, ("Content-Length", str(size))]
        return h11.Request(method=method, target=path, headers=headers)

    @contextlib.asynccontextmanager
    async def _connected(self, method: str, path: str) -> AsyncIterator[Exchange]:
        """A connection for one request; what breaks becomes MachineFailed."""
        with await self._open() as sock:
            try:
                yield Exchange(sock)
            except (OSError, h11.ProtocolError) as error:
                raise _broke(method, path, error) from error

    async def _open(self) -> socket.socket:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._connect(AGENT_PORT)
        except OSError as error:
            raise unreachable(f"connecting to port {AGENT_PORT} failed: {_plainly(error)}") from error

    @contextlib.asynccontextmanager
    async def timed(self) -> AsyncIterator[None]:
        """An answer comes in time, or that is a MachineFailed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                yield
        except TimeoutError as error:
            raise unreachable(f"the agent did not answer within {self._timeout_s:g} s") from error

    async def upgraded(self, path: str, protocol: str) -> socket.socket:
        """A non-blocking socket that carries raw bytes from the first one on.  Raises as ``call``.

        Not by h11's reader: it would take bytes of the stream behind the answer out of the socket.
        """
        sock = await self._open()
        try:
            async with self.timed():
                return await self._upgrade(sock, path, protocol)
        except (OSError, h11.ProtocolError) as error:
            sock.close()
            raise _broke("GET", path, error) from error
        except BaseException:
            sock.close()
            raise

    async def _upgrade(self, sock: socket.socket, path: str, protocol: str) -> socket.socket:
        http = h11.Connection(h11.CLIENT)
        headers = [*self._headers, ("Connection", "Upgrade"), ("Upgrade", protocol)]
        request = http.send(h11.Request(method="GET", target=path, headers=headers)) or b""
        end = http.send(h11.EndOfMessage()) or b""
        await asyncio.get_running_loop().sock_sendall(sock, request + end)
        http.receive_data(await _read_head(sock))
        answer = http.next_event()
        if isinstance(answer, h11.InformationalResponse) and answer.status_code == 101:
            return sock
        raise unreachable(f"the agent did not open its {protocol} stream: {_answered(answer)}")


def _answered(event: object) -> str:
    return f"it answered {event.status_code}" if isinstance(event, h11.Response) else "it broke off"


def _broke(method: str, path: str, error: OSError | h11.ProtocolError) -> MachineFailed:
    """Without the query: a file's name is in it."""
    return unreachable(f"{method} {path.partition('?')[0]} broke: {_plainly(error)}")


async def collect(exchange: Exchange) -> bytes:
    """The body of an answer.  Raises MachineFailed when it is longer than any that is expected."""
    body = bytearray()
    async for chunk in exchange.chunks():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise unreachable(f"the agent's answer is longer than {_MAX_BODY_BYTES} bytes")
    return bytes(body)


async def lines_of(exchange: Exchange, most: int = MAX_LINE_BYTES) -> AsyncIterator[bytes]:
    """Whole lines of a streamed body; blank ones only keep the connection alive."""
    rest = b""
    async for chunk in exchange.chunks():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            yield line
        if len(rest) > most:
            raise unreachable(f"a line is longer than {most} bytes")


async def _read_head(sock: socket.socket) -> bytes:
    """Take exactly the head of an answer out of the socket: look first, then take what belongs to it."""
    loop = asyncio.get_running_loop()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if len(head) > MAX_LINE_BYTES or not (first := await loop.sock_recv(sock, 1)):
            raise ConnectionResetError("the agent closed the connection without an answer")
        head += first
        with contextlib.suppress(BlockingIOError):
            head += sock.recv(_belonging(head, sock.recv(CHUNK_BYTES, socket.MSG_PEEK)))
    return head


def _belonging(head: bytes, ahead: bytes) -> int:
    """How many of the bytes ``ahead`` belong to the head of which ``head`` was already taken."""
    end = (head + ahead).find(b"\r\n\r\n")
    return len(ahead) if end < 0 else end + 4 - len(head)


def decode(kind: type[_M], body: bytes, status: int) -> _M:
    """A message of the contract.  Raises MachineFailed ``agent_mismatch`` when it is none."""
    try:
        return kind.decode(body)
    except ProtocolError as error:
        raise agent_mismatch(f"{status} with something that is not of this contract: {error}") from error


def agent_mismatch(answered: str) -> MachineFailed:
    """The agent speaks otherwise than agreed."""
    return MachineFailed(
        f"the agent answered {answered}", remedy="vestibule golden build", code="agent_mismatch"
    )


def object_of(body: bytes) -> dict[str, Any]:
    """The object in a body; empty when there is none."""
    with contextlib.suppress(ValueError):
        if isinstance(found := json.loads(body), dict):
            return found
    return {}


def refuse(status: int, body: bytes) -> NoReturn:
    """The agent's own refusal, as the error that the caller can decide on."""
    said = object_of(body)
    cause = str(said.get("cause") or f"the agent answered {status}")
    match status:
        case 404 if said.get("code") == "file_absent":
            raise Absent(cause, remedy="List the files again.", code="file_absent")
        case 507:
            raise Conflict(
                cause,
                remedy="Delete something in the machine's Downloads, or pass a smaller file.",
                code=_code(said, "guest_disk_full"),
            )
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


def unreachable(cause: str) -> MachineFailed:
    """The agent's connection broke, or its answer is none."""
    return MachineFailed(
        f"the machine's agent is out of reach: {cause}",
        remedy="Start a new session; the machine's console log is kept as evidence.",
        code="agent_unreachable",
    )
