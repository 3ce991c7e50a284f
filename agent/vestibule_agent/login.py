"""One tool's login: files, command, URL, user code, credential, exit.

::

    LoginSpec ─▶ files ─▶ new window ─▶ output ─▶ auth_url, user_code ─▶ browser
                              │                                        credential file ─▶ claim
                              └▶ exit ─▶ tool_exited
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping

from vestibule_agent import urls
from vestibule_agent.credential import CredentialWatch, inside
from vestibule_agent.events import EventLog
from vestibule_agent.protocol import LoginSpec, SeedFile
from vestibule_agent.terminal import Terminal, TerminalError
from vestibule_agent.tools import tool_environment
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

LOOK_S = 0.1
"""After output, the screen is read once, this much later: output comes in bursts."""
WIDE_S = 30
"""A tool that has printed no URL by then shows menus: the person needs the window's real width."""


class Login:
    """A running login; at most one at a time."""

    def __init__(  # noqa: PLR0917 - what a login touches
        self,
        spec: LoginSpec,
        paths: Paths,
        person: Person,
        terminal: Terminal,
        log: EventLog,
        open_url: Callable[[str], Awaitable[None]],
    ) -> None:
        re.compile(spec.url_pattern)
        self.spec, self._paths, self._person = spec, paths, person
        self._terminal, self._log, self._open_url = terminal, log, open_url
        self.credential = CredentialWatch(spec.credential, paths.home, person.uid, log)
        self.running = False
        self._hyperlinks = urls.HyperlinkReader()
        self._url: str | None = None
        self._code: str | None = None
        self._look: asyncio.TimerHandle | None = None
        self._fit: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, given: Mapping[str, str]) -> None:
        """Seed the files and run the command.  Raises ValueError, OSError or TerminalError."""
        for file in self.spec.files:
            self._seed(file)
        self.credential.start()
        self._terminal.on_output = self._on_output
        self.running = True
        variables = {**tool_environment(self._paths), **given, **self.spec.environment}
        pid = await self._terminal.run(self.spec.command, variables)
        self._log.emit("login_started", pid=pid)
        loop = asyncio.get_running_loop()
        self._fit = loop.call_later(WIDE_S, lambda: self._spawn(self._terminal.fit()))

    def stop(self) -> None:
        """Forget this login; the next one takes the terminal."""
        self.credential.stop()
        for handle in (self._fit, self._look):
            if handle is not None:
                handle.cancel()

    def opened_by_tool(self, url: str) -> None:
        """The tool called the opener with this URL."""
        if self._url is None and urls.first_match(self.spec.url_pattern, [url]):
            self._found(url, "opener")
        elif url != self._url:
            # Another page that the tool wants to show; the sign-in page itself is opened once.
            self._spawn(self._open_url(url))

    def _seed(self, file: SeedFile) -> None:
        path = inside(self._paths.home, file.path)
        self._person.make_folder(path.parent, 0o700)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, file.mode)
        with os.fdopen(fd, "wb") as stream:
            os.fchmod(fd, file.mode)
            stream.write(file.content.encode())
        self._person.own(path)

    def _on_output(self, data: bytes) -> None:
        url = urls.first_match(self.spec.url_pattern, self._hyperlinks.feed(data))
        if url and self._url is None:
            self._found(url, "osc8")
        if self._look is None and self._is_searching():
            self._look = asyncio.get_running_loop().call_later(
                LOOK_S, lambda: self._spawn(self._read_screen())
            )

    def _is_searching(self) -> bool:
        return self._url is None or (self.spec.user_code_pattern is not None and self._code is None)

    async def _read_screen(self) -> None:
        self._look = None
        screen = await self._terminal.screen(history=200)
        if self.spec.user_code_pattern and self._code is None:
            self._code = urls.user_code_on(self.spec.user_code_pattern, screen)
            if self._code:
                self._log.emit("user_code", code=self._code)
        if self._url is None:
            candidates = urls.urls_on(screen, await self._terminal.columns())
            url = urls.first_match(self.spec.url_pattern, candidates)
            if url and self._url is None:
                self._found(url, "screen")

    def _found(self, url: str, source: str) -> None:
        self._url = url
        self._log.emit("auth_url", url=url, source=source)
        self._spawn(self._terminal.fit())
        if self.spec.open_browser:
            self._spawn(self._open_url(url))

    def ended(self, code: int) -> None:
        """The tool has ended; its last output is on the screen."""
        self._spawn(self._report_exit(code))

    async def _report_exit(self, code: int) -> None:
        await self._read_screen()
        await self._terminal.fit()
        self.running = False
        self._log.emit("tool_exited", exit_code=code, screen=await self._terminal.screen(history=200))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guard(work: Awaitable[None]) -> None:
    try:
        await work
    except TerminalError as error:
        print(f"vestibule-agent: {error}", flush=True)  # noqa: T201 - the agent's log is its stdout
