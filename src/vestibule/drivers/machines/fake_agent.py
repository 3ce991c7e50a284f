"""The agent of a fake machine: the whole HTTP contract, with a sign-in that follows a script."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import datetime as dt
import json
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import h11

from vestibule.drivers.machines import fake_desktop
from vestibule.drivers.machines.fake_viewing import FakeViewing
from vestibule_agent.protocol import (
    CONTRACT,
    Check,
    Credential,
    CredentialFile,
    Event,
    Health,
    LoginSpec,
)
from vestibule_desktop.messages import Message, ProtocolError

_CHUNK_BYTES = 65_536


@dataclasses.dataclass(frozen=True, kw_only=True)
class Script:
    """How a fake machine behaves."""

    agent_build: str = "fake"
    agent_files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    silent: bool = False
    """It never answers the hand-over."""
    failing_check: str | None = None
    contract: int = CONTRACT
    """Which contract it claims to speak."""
    auth_url: str | None = "https://login.example.com/authorize?state=fake"
    """None: the tool runs and shows no sign-in address."""
    user_code: str | None = None
    credential: bytes = b'{"access_token": "not-a-secret", "account": "person@example.com"}'
    account: str | None = "person@example.com"
    exit_code: int | None = None
    """The tool ends with this code instead of asking for a sign-in."""
    refusal: str | None = None
    """What the tool says to whatever is typed, if only nothing; None: it signs in."""
    other_urls: Sequence[str] = ()
    """Addresses that it shows and that are not the sign-in's."""
    signs_in: bool = False
    """The person signs in as soon as the page is shown; else a click or Enter on the desktop does it."""
    prints: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Program → what it prints when it is run in place of a tool's login; it ends with 0 then."""
    painted: bool = True
    """Whether anything is on its desktop."""
    clock_off_s: float = 0.0
    random_sample: str | None = None
    """What it draws in place of random bytes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: bytes = b""


class FakeAgent:
    """Serves any number of connections; the person in front of the machine is ``sign_in``."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._vm_id: str | None = None
        self._token: str | None = None
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._spec: LoginSpec | None = None
        self._running = False
        self._credential: Credential | None = None
        self._claimed = False
        self._connections: set[asyncio.Task[None]] = set()
        self.desktop = fake_desktop.FakeDesktop(painted=script.painted)
        self.viewing = FakeViewing()
        self.typed: list[str] = []
        """What was typed into the tool's terminal."""

    def take_identity(self, vm_id: str, token: str) -> None:
        """What the hand-over tells a real agent."""
        self._vm_id, self._token = vm_id, token

    async def serve(self, sock: socket.socket) -> None:
        """Answer on one connection, of which this takes the socket over."""
        sock.setblocking(False)
        stream = await asyncio.open_connection(sock=sock)
        task = asyncio.create_task(self._converse(*stream))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def close(self) -> None:
        """Hang up on everybody."""
        tasks = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def sign_in(self) -> None:
        """The person signs in: the tool writes its credential and ends."""
        if self._spec is None or self._credential is not None:
            return
        spec = self._spec.credential
        content = base64.b64encode(self._script.credential).decode()
        file = CredentialFile(path=spec.files[0].path, mode=0o600, content=content)
        self._credential = Credential(files=[file])
        await self.tell("credential_seen", path=file.path)
        await self.tell("credential_valid", expires_at=None, account=self._script.account, unverified=None)

    async def tell(self, type_: str, **data: object) -> None:
        """An event for everyone who follows."""
        async with self._news:
            seq = len(self._events) + 1
            self._events.append(Event(seq=seq, at=_now(), type=type_, data=data))
            self._news.notify_all()

    # -- HTTP ----------------------------------------------------------------------------------------

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        try:
            request, body = await _read(http, reader)
            await self._answer(http, request, body, (reader, writer))
        except (OSError, EOFError, h11.ProtocolError):
            return  # the controller hung up
        finally:
            writer.close()

    async def _answer(
        self, http: h11.Connection, request: h11.Request, body: bytes, stream: fake_desktop.Stream
    ) -> None:
        route = (request.method.decode(), urlsplit(request.target.decode()).path)
        if (b"authorization", f"Bearer {self._token}".encode()) not in list(request.headers):
            await _send(http, stream[1], _failure(401, "unauthorized", "the token is wrong"))
        elif route == ("GET", "/events"):
            await self._stream_events(http, request, stream[1])
        elif route == ("GET", "/vnc"):
            await self._show_desktop(http, stream)
        elif route[1] in self.viewing.paths:
            await self.viewing.answer(http, request, body, stream)
        else:
            await _send(http, stream[1], await self._route(route, body))

    async def _route(self, route: tuple[str, str], body: bytes) -> _Answer:
        handlers = {
            ("GET", "/livez"): self._livez,
            ("GET", "/health"): self._health,
            ("POST", "/login"): self._login,
            ("POST", "/open-url"): self._show,
            ("POST", "/input"): self._type,
            ("GET", "/screen"): self._read_screen,
            ("POST", "/credential/claim"): self._claim,
        }
        if route not in handlers:
            return _failure(404, "absent", f"there is no {route[1]}")
        return await handlers[route](body)

    async def _livez(self, _body: bytes) -> _Answer:
        return _Answer(status=200, body=b"{}")

    async def _health(self, _body: bytes) -> _Answer:
        failing = self._script.failing_check
        checks = [
            Check(name=name, ok=name != failing, detail="fake") for name in ("desktop", "browser", "vnc")
        ]
        health = Health(
            status="failing" if failing else "ok",
            timestamp=_now(self._script.clock_off_s),
            contract=CONTRACT,
            build_id=self._script.agent_build,
            vm_id=self._vm_id,
            checks=checks,
        )
        return _message(503 if failing else 200, health)

    async def _login(self, body: bytes) -> _Answer:
        if self._running:
            return _failure(409, "login_running", "a login runs already")
        try:
            self._spec = LoginSpec.decode(body)
        except ProtocolError as error:
            return _failure(400, "bad_input", str(error))
        await self.tell("login_started", pid=1)
        if (printed := self._script.prints.get(self._spec.command[0])) is not None:
            await self.tell("tool_exited", exit_code=0, screen=printed)
            return _Answer(status=202)
        if self._script.exit_code is not None:
            await self.tell("tool_exited", exit_code=self._script.exit_code, screen=self._screen())
            return _Answer(status=202)
        self._running = True
        if self._script.user_code is not None:
            await self.tell("user_code", code=self._script.user_code)
        for url in self._script.other_urls:
            await self.tell("other_url", url=url, source="screen")
        if self._script.auth_url is not None:
            await self._show_sign_in(self._script.auth_url)
        if self._spec.code_prompt is not None:
            await self.tell("code_asked")
        return _Answer(status=202)

    async def _show_sign_in(self, url: str) -> None:
        await self.tell("auth_url", url=url, source="screen")
        if self._spec is not None and self._spec.open_browser:
            await self._open_url(url)

    async def _show(self, body: bytes) -> _Answer:
        await self._open_url(str(json.loads(body)["url"]))
        return _Answer(status=202)

    async def _open_url(self, url: str) -> None:
        await self.tell("browser_opened", url=url)
        await self.tell("page", title="Sign in")
        if self._script.signs_in:
            await self.sign_in()

    async def _type(self, body: bytes) -> _Answer:
        """A pasted code, with Enter, is how a person ends the flows that need one."""
        typed: dict[str, Any] = json.loads(body)
        self.typed.append(str(typed["text"]))
        if self._script.refusal:
            await self.tell("tool_error", text=self._script.refusal)
        elif self._script.refusal is None and typed.get("enter"):
            await self.sign_in()
        return _Answer(status=202)

    async def _read_screen(self, _body: bytes) -> _Answer:
        return _Answer(status=200, body=json.dumps({"text": self._screen()}).encode())

    def _screen(self) -> str:
        if self._spec is None:
            return ""
        echo = "".join(f"> {text}\n" for text in self.typed)
        return f"$ {' '.join(self._spec.command)}\nOpen {self._script.auth_url or '…'}\n{echo}"

    async def _claim(self, _body: bytes) -> _Answer:
        if self._claimed:
            return _failure(410, "already_claimed", "the credential was handed over before")
        if self._credential is None:
            return _failure(404, "absent", "the tool has written no credential yet")
        self._claimed = True
        return _message(200, self._credential)

    async def _stream_events(
        self, http: h11.Connection, request: h11.Request, writer: asyncio.StreamWriter
    ) -> None:
        query = parse_qs(urlsplit(request.target.decode()).query)
        headers = [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")]
        writer.write(http.send(h11.Response(status_code=200, headers=headers)) or b"")
        async for event in self._follow(int(query.get("after", ["0"])[0])):
            writer.write(http.send(h11.Data(data=event.encode())) or b"")
            await writer.drain()

    async def _follow(self, after: int) -> AsyncIterator[Event]:
        while True:
            async with self._news:
                while len(self._events) <= after:
                    await self._news.wait()
                fresh = self._events[after:]
            for event in fresh:
                yield event
            after += len(fresh)

    async def _show_desktop(self, http: h11.Connection, stream: fake_desktop.Stream) -> None:
        headers = [("Connection", "Upgrade"), ("Upgrade", "rfb")]
        stream[1].write(http.send(h11.InformationalResponse(status_code=101, headers=headers)) or b"")
        await self.desktop.serve(stream, on_sign_in=self.sign_in)


async def _read(http: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """One whole request.  Raises EOFError when the peer hung up before one."""
    request: h11.Request | None = None
    body = b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(_CHUNK_BYTES))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, body
        else:
            raise EOFError


async def _send(http: h11.Connection, writer: asyncio.StreamWriter, answer: _Answer) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(answer.body)))]
    writer.write(http.send(h11.Response(status_code=answer.status, headers=headers)) or b"")
    writer.write(http.send(h11.Data(data=answer.body)) or b"")
    writer.write(http.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _message(status: int, message: Message) -> _Answer:
    return _Answer(status=status, body=message.encode())


def _failure(status: int, code: str, cause: str) -> _Answer:
    return _Answer(status=status, body=json.dumps({"code": code, "cause": cause}).encode())


def _now(off_s: float = 0.0) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=off_s)).isoformat()
