"""The machine as the agent sees it: desktop, terminal, browser, login; built once, run for its life.

::

    the desktop's news: X is up           ─▶ Screen (X events) ─▶ page events, checks
                        a session is there ─▶ tmux's control client ─▶ Terminal
    all of it                             ─▶ "vestibule-agent: warm {…}"
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
from collections.abc import Mapping, Sequence

from vestibule_agent import browser
from vestibule_agent.browser import BrowserError
from vestibule_agent.build import build_id
from vestibule_agent.checks import Desktop
from vestibule_agent.clipboard import Clipboard
from vestibule_agent.downloads import Downloads
from vestibule_agent.events import EventLog
from vestibule_agent.handover import Introduction
from vestibule_agent.identity import Identity
from vestibule_agent.launch import Inherited, Launcher
from vestibule_agent.login import Login
from vestibule_agent.protocol import Check, Handover, LoginSpec, Verification
from vestibule_agent.relay import serve_relay
from vestibule_agent.shown_page import ShownPage
from vestibule_agent.terminal import Terminal, exit_code
from vestibule_agent.terminal_view import TerminalView
from vestibule_agent.uplink import Uplink
from vestibule_agent.verification import Verifier
from vestibule_desktop.browser import WINDOW_CLASS
from vestibule_desktop.messages import PROXY_PORT, SCREEN_UP, TERMINAL_UP
from vestibule_desktop.paths import Paths
from vestibule_desktop.processes import Children
from vestibule_desktop.screen import Screen, Window
from vestibule_desktop.supervisor import Supervisor, announce, report, told
from vestibule_desktop.x_client import XError

SPEAKER = "vestibule-agent"
WARM_S = 300.0
"""How long a golden's desktop may take to come up, in an emulated first boot."""
BROWSER_S = 60.0
"""How long the desktop's browser may take until another is started in its place."""
TITLE_SUFFIX = " - Chromium"


class Machine:
    """Everything with a life of its own in this guest."""

    def __init__(
        self, paths: Paths, launcher: Launcher, files: Mapping[str, str], inherited: Inherited
    ) -> None:
        self.paths, self.build_id = paths, build_id(files)
        self.log = EventLog()
        self.desktop = Desktop(paths)
        self.terminal = Terminal()
        self.clipboard = Clipboard()
        self.downloads = Downloads(paths, launcher.person)
        self.login: Login | None = None
        self._person = launcher.person
        self.uplink = Uplink(apart=self._person.switch)
        self._launcher, self._inherited = launcher, inherited
        self._children = Children()
        self._news = {SCREEN_UP: asyncio.Event(), TERMINAL_UP: asyncio.Event()}
        self._title = ""
        self._page = ShownPage()
        self._page_lost = asyncio.Event()
        self._opening: set[asyncio.Task[None]] = set()
        self._warm = False
        self._introduction = Introduction(
            inherited.handover_fd, files, self.desktop, Identity(self.uplink, root=self._person.switch)
        )

    @property
    def handover(self) -> Handover | None:
        """Who this machine is; None before the hand-over."""
        return self._introduction.handover

    @property
    def is_signing_in(self) -> bool:
        """Whether a tool's login runs."""
        return self.login is not None and self.login.running

    def identity_checks(self) -> list[Check]:
        """What was checked when the identity was applied, all but the clock."""
        return [check for check in self._introduction.applied if check.name != "clock"]

    async def run(self) -> None:
        """Follow desktop, terminal and host, for ever."""
        self._children.attach(asyncio.get_running_loop())
        if self._person.switch:
            await serve_relay(PROXY_PORT, self._gateway, self.uplink)
        self._introduction.start()
        self._listen_to_notices()
        tmux = Supervisor("tmux", self._children, self._launcher.terminal_client, [self._news[TERMINAL_UP]])
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen_to_desktop())
            tasks.create_task(self._follow_screens())
            tasks.create_task(self._reopen_pages())
            tasks.create_task(tmux.run(attend=self.terminal.attach))

    async def sign_in(self, spec: LoginSpec) -> None:
        """Run a tool's login.  Raises ValueError, OSError, re.error or TerminalError."""
        handover = self.handover
        login = Login(spec, self.paths, self._person, self.terminal, self.log, self.open_url, self._verify)
        if self.login is not None:
            self.login.stop()
        self.login = login
        await login.start(handover.environment if handover else {})

    async def _verify(self, verification: Verification, variables: Mapping[str, str]) -> None:
        """Ask the tool itself.  Raises InvalidCredentialError, NoAnswerError."""

        def begin(command: Sequence[str], output: int) -> subprocess.Popen[bytes]:
            return self._launcher.verification(command, variables, output)

        await Verifier(self._children, begin).ask(verification)

    async def open_url(self, url: str) -> None:
        """Show a URL in the browser: the running one, or one started for it.

        The desktop's own may be on its way still: a second one would be in its way.
        """
        self._page.asked(url)
        await self.desktop.await_browser(BROWSER_S)
        try:
            await browser.show(self.paths.profile, url)
        except BrowserError as error:
            report(f"{error}; starting the browser with the URL", SPEAKER)
            try:
                self._launcher.browser_with(url)
            except OSError as failed:
                report(f"the browser could not be started: {failed}", SPEAKER)
                return
        self.log.emit("browser_opened", url=url)

    def begin_opening(self, url: str) -> None:
        """The same for who asks by a request: a slow browser takes longer than an answer may.

        That it is shown is told by the event ``browser_opened``.
        """
        task = asyncio.create_task(self.open_url(url))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _listen_to_desktop(self) -> None:
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        pipe = os.fdopen(self._inherited.news_fd, "rb")
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        while news := await reader.readline():
            self._news[news].set()

    async def _reopen_pages(self) -> None:
        """A browser that was started again has its start page: show it the sign-in's, for ever."""
        while True:
            await self._page_lost.wait()
            self._page_lost.clear()
            if self._page.url is not None and self.is_signing_in:
                report("the browser came back without the sign-in page; opening it again", SPEAKER)
                await self.open_url(self._page.url)

    async def _follow_screens(self) -> None:
        """Connect to each X server that the desktop reports, as long as it lasts."""
        while True:
            await self._news[SCREEN_UP].wait()
            self._news[SCREEN_UP].clear()
            try:
                await self._follow_screen()
            except* OSError as errors:
                report(told(errors), SPEAKER)

    async def _follow_screen(self) -> None:
        screen = await Screen.connect(self.paths.x_socket)
        self.desktop.show(screen)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(screen.run(self._on_window))
                tasks.create_task(self._follow_clipboard())
                if not self._warm:
                    tasks.create_task(self._announce_warm(screen))
        finally:
            self.desktop.show(None)

    async def _follow_clipboard(self) -> None:
        """Without a clipboard, the desktop goes on."""
        try:
            await self.clipboard.run(self.paths.x_socket)
        except* XError as errors:
            report(f"no clipboard: {told(errors)}", SPEAKER)

    def view_terminal(self, size: tuple[int, int]) -> TerminalView:
        """Show the terminal once more, in this size of columns and rows.  Raises OSError."""
        return TerminalView(self._launcher.terminal_view, self._children, size)

    def _on_window(self, window: Window) -> None:
        if window.kind.lower() != WINDOW_CLASS or not window.title:
            return
        title = window.title.removesuffix(TITLE_SUFFIX)
        if title != self._title:
            self._title = title
            self.log.emit("page", title=title)
            if self._page.is_lost(title):
                self._page_lost.set()

    def _gateway(self) -> str | None:
        return self.handover.gateway if self.handover else None

    def _listen_to_notices(self) -> None:
        # Opened for writing, too: then the last writer's end is no end of file.
        fd = os.open(self.paths.notices, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        received = bytearray()

        def woken() -> None:
            received.extend(os.read(fd, 65_536))
            while b"\n" in received:
                line, _, rest = bytes(received).partition(b"\n")
                received[:] = rest
                self._on_notice(line.decode(errors="replace"))

        asyncio.get_running_loop().add_reader(fd, woken)

    def _on_notice(self, line: str) -> None:
        kind, _, text = line.partition(" ")
        if self.login is None:
            return
        if kind == "open":
            self.login.opened_by_tool(text)
        elif kind == "ended":
            self.login.ended(exit_code(text))

    async def _announce_warm(self, screen: Screen) -> None:
        """A part of its screen's life: an X server that dies before is followed by another one."""
        await self.terminal.ready.wait()
        found = await self.desktop.look(WARM_S)
        await screen.wait_for("xterm")
        self._warm = True
        if self._person.switch:
            # A collection would touch every object: each clone would copy what all of them share.
            gc.collect()
            gc.freeze()
        checks = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in found]
        line = json.dumps({"build_id": self.build_id, "checks": checks}, separators=(",", ":"))
        announce(f"warm {line}", SPEAKER)
