"""The routes of protocol.py over one machine.  Before the hand-over every one of them answers 503."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from vestibule_agent import checks
from vestibule_agent.clipboard import ClipboardError
from vestibule_agent.credential import AlreadyClaimedError
from vestibule_agent.downloads import DiskFullError, chunks_of
from vestibule_agent.events import now_text
from vestibule_agent.machine import Machine
from vestibule_agent.protocol import CONTRACT, DownloadsList, Handover, Health, LoginSpec
from vestibule_agent.relay import Stream, relay
from vestibule_agent.server import Answer, Content, Lines, Refusal, Request, Result, Upgrade, answer
from vestibule_agent.terminal import TerminalError
from vestibule_agent.terminal_frames import COLUMNS, ROWS
from vestibule_desktop.messages import ProtocolError

HEALTH_S = 2.0
URL = re.compile(r"(https?|about|file):\S+\Z")

Route = Callable[[Request], Awaitable[Result]]


class Routes:
    """Answers requests; called by the server."""

    streamed = frozenset({("PUT", "/files")})

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._table: Mapping[tuple[str, str], Route] = {
            ("GET", "/livez"): self._livez,
            ("GET", "/health"): self._health,
            ("GET", "/events"): self._events,
            ("POST", "/login"): self._login,
            ("POST", "/open-url"): self._open_url,
            ("POST", "/input"): self._input,
            ("GET", "/screen"): self._screen,
            ("POST", "/credential/claim"): self._claim,
            ("GET", "/vnc"): self._vnc,
            ("GET", "/terminal"): self._terminal,
            ("PUT", "/clipboard"): self._set_clipboard,
            ("GET", "/clipboard"): self._copied,
            ("GET", "/files"): self._files,
            ("PUT", "/files"): self._take_in,
        }

    async def __call__(self, request: Request) -> Result:
        """Authenticate and dispatch.  Raises Refusal."""
        handover = self._machine.handover
        if handover is None:
            raise Refusal(503, "not_introduced", "this machine has not been told who it is yet")
        _authenticate(request, handover)
        route = self._table.get((request.method, request.path))
        if route is None:
            raise Refusal(404, "absent", f"there is no {request.method} {request.path}")
        try:
            return await route(request)
        except TerminalError as error:
            raise Refusal(503, "terminal_unavailable", str(error)) from error
        except ClipboardError as error:
            raise Refusal(503, "clipboard_unavailable", str(error)) from error

    async def _livez(self, _: Request) -> Answer:
        return answer(200, {})

    async def _health(self, _: Request) -> Answer:
        machine = self._machine
        found = [*await machine.desktop.look(HEALTH_S), checks.clock(), *machine.identity_checks()]
        good = all(check.ok for check in found)
        health = Health(
            status="ok" if good else "failing",
            timestamp=now_text(),
            contract=CONTRACT,
            build_id=machine.build_id,
            vm_id=machine.handover.vm_id if machine.handover else None,
            checks=found,
        )
        return Answer(status=200 if good else 503, body=health.encode())

    async def _events(self, request: Request) -> Lines:
        return Lines(lines=self._lines(_number(request, "after", 0)))

    async def _lines(self, after: int) -> AsyncIterator[bytes]:
        async for event in self._machine.log.follow(after):
            yield event.encode()

    async def _login(self, request: Request) -> Answer:
        if self._machine.is_signing_in:
            raise Refusal(409, "login_running", "a login is running in this machine")
        try:
            await self._machine.sign_in(_login_spec(request))
        except (ValueError, OSError, re.error) as error:
            raise Refusal(400, "bad_input", str(error)) from error
        return answer(202, {})

    async def _open_url(self, request: Request) -> Answer:
        url = request.json().get("url")
        if not isinstance(url, str) or not URL.match(url):
            raise Refusal(400, "bad_input", "url: an http(s) URL is needed")
        self._machine.begin_opening(url)
        return answer(202, {})

    async def _input(self, request: Request) -> Answer:
        body = request.json()
        text, enter = body.get("text"), body.get("enter", False)
        if not isinstance(text, str) or not isinstance(enter, bool):
            raise Refusal(400, "bad_input", "text: a string, enter: a boolean are needed")
        await self._machine.terminal.type_text(text, enter=enter)
        return answer(202, {})

    async def _screen(self, _: Request) -> Answer:
        return answer(200, {"text": await self._machine.terminal.screen()})

    async def _claim(self, _: Request) -> Answer:
        login = self._machine.login
        if login is None:
            raise Refusal(404, "absent", "no login was started")
        try:
            credential = login.credential.claim()
        except AlreadyClaimedError as error:
            raise Refusal(410, "already_claimed", "the credential was handed over before") from error
        if credential is None:
            raise Refusal(404, "absent", "there is no valid credential yet")
        return Answer(status=200, body=credential.encode())

    async def _vnc(self, request: Request) -> Upgrade:
        if request.headers.get("upgrade", "").lower() != "rfb":
            raise Refusal(426, "upgrade_required", "ask with Upgrade: rfb")
        try:
            stream = await asyncio.open_unix_connection(self._machine.paths.vnc)
        except OSError as error:
            raise Refusal(503, "vnc_unavailable", f"the desktop's screen: {error}") from error

        async def carry(near: Stream, early: bytes) -> None:
            stream[1].write(early)
            await relay(near, stream)

        return Upgrade(protocol="rfb", carry=carry)

    async def _terminal(self, request: Request) -> Upgrade:
        if request.headers.get("upgrade", "").lower() != "terminal":
            raise Refusal(426, "upgrade_required", "ask with Upgrade: terminal")
        columns, rows = _number(request, "columns", 80), _number(request, "rows", 24)
        if columns not in COLUMNS or rows not in ROWS:
            raise Refusal(400, "bad_input", f"a terminal of {columns} by {rows} makes no sense")
        history = await self._machine.terminal.history()
        try:
            view = self._machine.view_terminal((columns, rows))
        except OSError as error:
            raise Refusal(503, "terminal_unavailable", f"a second client of tmux: {error}") from error

        async def carry(near: Stream, early: bytes) -> None:
            await view.carry(near, early, history)

        return Upgrade(protocol="terminal", carry=carry)

    async def _set_clipboard(self, request: Request) -> Answer:
        try:
            text = request.body.decode()
        except UnicodeDecodeError as error:
            raise Refusal(400, "bad_input", "the clipboard takes UTF-8") from error
        await self._machine.clipboard.put(text)
        return answer(202, {})

    async def _copied(self, request: Request) -> Lines:
        after = _number(request, "after", 0) if "after" in request.query else None
        return Lines(lines=self._copies(after))

    async def _copies(self, after: int | None) -> AsyncIterator[bytes]:
        async for copied in self._machine.clipboard.follow(after):
            yield copied.encode()

    async def _files(self, request: Request) -> Answer | Content:
        downloads = self._machine.downloads
        try:
            if "file" not in request.query:
                return Answer(status=200, body=DownloadsList(files=downloads.files()).encode())
            opened, size = downloads.open(request.query["file"])
        except LookupError as error:
            raise Refusal(404, "file_absent", str(error)) from error
        except OSError as error:
            raise _unusable(error) from error
        return Content(length=size, chunks=chunks_of(opened, size))

    async def _take_in(self, request: Request) -> Answer:
        length = request.headers.get("content-length", "")
        if not length.isdigit():
            raise Refusal(411, "bad_input", "a file comes with its length")
        quota = _number(request, "quota", 0) if "quota" in request.query else None
        try:
            file = await self._machine.downloads.take_in(
                request.query.get("name", ""), int(length), request.chunks, quota
            )
        except ValueError as error:
            raise Refusal(400, "bad_input", str(error)) from error
        except DiskFullError as error:
            raise Refusal(507, "guest_disk_full", error.strerror or str(error)) from error
        except ConnectionError:
            raise  # it was broken off: nobody is there to be answered
        except OSError as error:
            raise _unusable(error) from error
        return Answer(status=201, body=file.encode())


def _authenticate(request: Request, handover: Handover) -> None:
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {handover.token}".encode()):
        raise Refusal(401, "not_signed_in", "the bearer token is not this machine's")


def _unusable(error: OSError) -> Refusal:
    return Refusal(500, "downloads_unusable", f"the folder Downloads: {error.strerror or error}")


def _number(request: Request, name: str, otherwise: int) -> int:
    given = request.query.get(name, str(otherwise))
    if not (given.isascii() and given.isdigit()):
        raise Refusal(400, "bad_input", f"{name}={given!r} is not a number")
    return int(given)


def _login_spec(request: Request) -> LoginSpec:
    try:
        spec = LoginSpec.from_mapping(request.json())
    except (ProtocolError, AttributeError, TypeError) as error:
        raise ValueError(f"not a LoginSpec: {error}") from error
    if not spec.command or not all(isinstance(word, str) for word in spec.command):
        raise ValueError("command: at least one word is needed")
    if not spec.credential.files:
        raise ValueError("credential.files: at least one file is needed")
    return spec
