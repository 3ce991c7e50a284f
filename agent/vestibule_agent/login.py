"""One tool's login: files, command, what it asks and shows, credential, exit.

::

    LoginSpec ─▶ files ─▶ new window ─▶ output ─▶ screen ─▶ auth_url, user_code ─▶ browser
                              │            ▲        ├─────▶ keys, to a question that is foreseen
                              │            └────────┘─────▶ code_asked, tool_error, tool_waits
                              ├▶ exit ─▶ tool_exited                   credential files ─▶ claim
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping

from vestibule_agent import urls
from vestibule_agent.credential import CredentialWatch, inside
from vestibule_agent.events import EventLog
from vestibule_agent.prompts import Dialogue
from vestibule_agent.protocol import LoginSpec, SeedFile, Verification
from vestibule_agent.reading import ErrorReader, QuestionReader, asks
from vestibule_agent.terminal import Terminal, TerminalError
from vestibule_agent.tools import tool_environment
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

LOOK_S = 0.1
"""After output, the screen is read once, this much later: output comes in bursts."""
STILL_S = 8.0
"""A tool that has shown something and is still for so long may be asking something."""
WIDE_S = 30
"""A tool that has printed no URL by then shows menus: the person needs the window's real width."""
HISTORY = 200
"""Lines that have scrolled off and are read, too."""
MAX_URL = 8192
"""Characters: browsers and servers take no longer ones, and an event has its limit, too."""
MOST_OTHERS = 5
"""Addresses that are not the sign-in's are told up to here."""


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
        ask: Callable[[Verification, Mapping[str, str]], Awaitable[None]],
    ) -> None:
        for pattern in (spec.url_pattern, spec.user_code_pattern, spec.code_prompt):
            re.compile(pattern or "")
        self.spec, self._paths, self._person = spec, paths, person
        self._terminal, self._log, self._open_url = terminal, log, open_url
        self._variables: Mapping[str, str] = {}
        self.credential = CredentialWatch(
            spec.credential, paths.home, person.uid, log, lambda command: ask(command, self._variables)
        )
        self.running = False
        self._dialogue = Dialogue(spec.prompts)
        self._errors = ErrorReader(spec.error_patterns)
        self._questions = QuestionReader(spec.code_prompt)
        self._hyperlinks = urls.HyperlinkReader()
        self._addresses = urls.ScreenReader()
        self._url: str | None = None
        self._tried: list[str] = []
        self._others: list[str] = []
        self._code: str | None = None
        self._code_asked = False
        self._ended = False
        self._look: asyncio.TimerHandle | None = None
        self._still: asyncio.TimerHandle | None = None
        self._fit: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, given: Mapping[str, str]) -> None:
        """Seed the files and run the command.  Raises ValueError, OSError or TerminalError."""
        for file in self.spec.files:
            self._seed(file)
        self.credential.start()
        self._terminal.on_output = self._on_output
        self.running = True
        self._variables = {**tool_environment(self._paths), **given, **self.spec.environment}
        pid = await self._terminal.run(self.spec.command, self._variables)
        self._log.emit("login_started", pid=pid)
        loop = asyncio.get_running_loop()
        self._fit = loop.call_later(WIDE_S, lambda: self._spawn(self._terminal.fit()))

    def stop(self) -> None:
        """Forget this login; the next one takes the terminal."""
        self.credential.stop()
        for handle in (self._fit, self._look, self._still):
            if handle is not None:
                handle.cancel()

    def opened_by_tool(self, url: str) -> None:
        """The tool called the opener with this URL."""
        if len(url) > MAX_URL or self._is_over(url):
            return
        if self._url is None and urls.first_match(self.spec.url_pattern, [url]):
            self._found(url, "opener")
        elif url != self._url:
            # Another page that the tool wants to show; the sign-in page itself is opened once.
            self._other(url, "opener")
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
        for url in self._hyperlinks.feed(data):
            self._consider(url, "osc8")
        self._look_soon()
        self._cancel_still()
        if not self._ended:
            loop = asyncio.get_running_loop()
            self._still = loop.call_later(STILL_S, lambda: self._spawn(self._report_still()))

    def _cancel_still(self) -> None:
        if self._still is not None:
            self._still.cancel()
        self._still = None

    def _look_soon(self) -> None:
        if self._look is None:
            loop = asyncio.get_running_loop()
            self._look = loop.call_later(LOOK_S, lambda: self._spawn(self._read_screen()))

    async def _read_screen(self) -> None:
        self._look = None
        if self._url is None or (self.spec.user_code_pattern and self._code is None):
            await self._search()
        screen = await self._terminal.screen()
        if not self._code_asked and asks(self.spec.code_prompt, screen):
            self._code_asked = True
            self._log.emit("code_asked")
        # On what is visible: a redrawn screen leaves earlier copies of itself above.
        for text in self._errors.read(screen):
            self._log.emit("tool_error", text=text)
            self._begin_anew()
        await self._reply(screen)

    def _begin_anew(self) -> None:
        """After a refused code a tool may show another address; those of before are over."""
        if self._url is not None:
            self._tried.append(self._url)
            self._url = None

    async def _search(self) -> None:
        """Look for the address and the user code, on what has scrolled off, too."""
        screen = await self._terminal.screen(history=HISTORY)
        if self.spec.user_code_pattern and self._code is None:
            self._code = urls.user_code_on(self.spec.user_code_pattern, screen)
            if self._code:
                self._log.emit("user_code", code=self._code)
        for url in self._addresses.read(screen, await self._terminal.columns()):
            self._consider(url, "screen")
        if self._addresses.held:
            self._look_soon()

    async def _reply(self, screen: str) -> None:
        """Answer a question that the provider foresees."""
        answer = self._dialogue.answer(screen)
        if answer is None:
            return
        if answer.text is not None:
            await self._terminal.type_text(answer.text, enter=True)
        else:
            await self._terminal.press(answer.keys)
        if answer.done:
            self._log.emit("prompt_answered", when=answer.when, keys=[*answer.keys])

    async def _report_still(self) -> None:
        self._still = None
        self._dialogue.nudge()
        await self._read_screen()
        screen = await self._terminal.screen()
        if self._ended:
            return
        if self._questions.read(screen, address_known=bool(self._url or self._tried)):
            self._log.emit("tool_waits", screen=screen)

    def _consider(self, url: str, source: str) -> None:
        """Take the first address that the provider's pattern accepts; name others, for whoever wonders."""
        if self._url is not None or len(url) > MAX_URL or self._is_over(url):
            return
        if urls.first_match(self.spec.url_pattern, [url]):
            self._found(url, source)
        else:
            self._other(url, source)

    def _is_over(self, url: str) -> bool:
        """Whether it is an address of an earlier attempt, or a piece of one that has scrolled off in part."""
        return any(tried.startswith(url) or url.startswith(tried) for tried in self._tried)

    def _other(self, url: str, source: str) -> None:
        if url not in self._others and len(self._others) < MOST_OTHERS:
            self._others.append(url)
            self._log.emit("other_url", url=url, source=source)

    def _found(self, url: str, source: str) -> None:
        self._url = url
        self._log.emit("auth_url", url=url, source=source)
        self._spawn(self._terminal.fit())
        if self.spec.open_browser:
            self._spawn(self._open_url(url))

    def ended(self, code: int) -> None:
        """The tool has ended; its last output is on the screen."""
        self._ended = True
        self._cancel_still()
        self._spawn(self._report_exit(code))

    async def _report_exit(self, code: int) -> None:
        await self._read_screen()
        await self._terminal.fit()
        # In an emulated machine its own verification outlasts every grace that the host could give.
        await self.credential.settled()
        self.running = False
        self._log.emit("tool_exited", exit_code=code, screen=await self._terminal.screen(history=HISTORY))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(_guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guard(work: Awaitable[None]) -> None:
    try:
        await work
    except TerminalError as error:
        print(f"vestibule-agent: {error}", flush=True)  # noqa: T201 - the agent's log is its stdout
