"""The machine as the agent sees it: desktop, terminal, browser, login; built once, run for its life.

::

    Xvnc ready ─▶ openbox, chromium ─▶ Screen (X events) ─▶ page events, checks
    tmux ready ─▶ xterm
    all of it  ─▶ "vestibule-agent: warm {…}"
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
from collections.abc import Callable, Coroutine

from vestibule_agent import browser, services
from vestibule_agent.browser import WINDOW_CLASS, BrowserError
from vestibule_agent.checks import Desktop
from vestibule_agent.events import EventLog
from vestibule_agent.handover import Introduction
from vestibule_agent.launch import EarlyStart, Launcher
from vestibule_agent.login import Login
from vestibule_agent.paths import Paths
from vestibule_agent.person import Person
from vestibule_agent.processes import Children, start
from vestibule_agent.protocol import PROXY_PORT, Check, Handover, LoginSpec
from vestibule_agent.relay import serve_relay
from vestibule_agent.screen import Screen, Window
from vestibule_agent.supervisor import Supervisor, report
from vestibule_agent.terminal import Terminal, exit_code
from vestibule_agent.uplink import Uplink

WARM_S = 300.0
"""How long a golden's desktop may take to come up, in an emulated first boot."""
DEVICE_UNITS = ("systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service")
TITLE_SUFFIX = " - Chromium"


class Machine:
    """Everything with a life of its own in this guest."""

    def __init__(self, paths: Paths, person: Person, build_id: str, handover_fd: int) -> None:
        self.paths, self.build_id = paths, build_id
        self.log = EventLog()
        self.desktop = Desktop(paths)
        self.terminal = Terminal()
        self.login: Login | None = None
        self.uplink = Uplink(apart=person.switch)
        self._person = person
        self._launcher = Launcher(paths, person)
        self._children = Children()
        self._x_ready = asyncio.Event()
        self._title = ""
        self._introduction = Introduction(
            handover_fd, build_id, self.desktop, self.uplink, root=person.switch
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

    async def run(self, early: EarlyStart) -> None:
        """Keep the desktop up and follow the host, for ever."""
        self._children.attach(asyncio.get_running_loop())
        if self._person.switch:
            await serve_relay(PROXY_PORT, self._gateway, self.uplink)
        self._introduction.start()
        self._listen_to_notices()
        async with asyncio.TaskGroup() as tasks:
            for work in self._services(early):
                tasks.create_task(work)
            tasks.create_task(self._announce_warm())

    async def sign_in(self, spec: LoginSpec) -> None:
        """Run a tool's login.  Raises ValueError, OSError, re.error or TerminalError."""
        handover = self.handover
        login = Login(spec, self.paths, self._person, self.terminal, self.log, self.open_url)
        if self.login is not None:
            self.login.stop()
        self.login = login
        await login.start(handover.environment if handover else {})

    async def open_url(self, url: str) -> None:
        """Show a URL in the browser: the running one, or one started for it."""
        try:
            await browser.show(self.paths.profile, url)
        except BrowserError as error:
            report(f"{error}; starting the browser with the URL")
            self._start_browser_with(url)
        self.log.emit("browser_opened", url=url)

    def _start_browser_with(self, url: str) -> None:
        start(
            [*browser.argv(self.paths, proxy=services.PROXY_URL), url],
            person=self._person,
            environment=services.environment(self.paths),
            folder=self.paths.home,
            log=self.paths.logs / "chromium.log",
        )

    def _services(self, early: EarlyStart) -> list[Coroutine[None, None, None]]:
        launcher = self._launcher
        supervise = self._supervise
        return [
            self._x_server(early),
            Supervisor("tmux", self._children, launcher.tmux).run(
                first=early.tmux, attend=self.terminal.attach
            ),
            supervise("openbox", launcher.window_manager, self._x_ready),
            supervise("chromium", launcher.web_browser, self._x_ready),
            supervise("xterm", launcher.terminal_window, self._x_ready, self.terminal.ready),
        ]

    async def _supervise(
        self, name: str, launch: Callable[[], subprocess.Popen[bytes]], *conditions: asyncio.Event
    ) -> None:
        await Supervisor(name, self._children, launch, conditions).run()

    async def _x_server(self, early: EarlyStart) -> None:
        ready = {early.x_server.pid: early.ready_fd}

        def launch() -> subprocess.Popen[bytes]:
            process, fd = self._launcher.x_server()
            ready[process.pid] = fd
            return process

        async def attend(process: subprocess.Popen[bytes]) -> None:
            await _read_line(ready.pop(process.pid))
            self._x_ready.set()
            try:
                await self._follow_screen()
            finally:
                self._x_ready.clear()

        await Supervisor("xvnc", self._children, launch).run(first=early.x_server, attend=attend)

    async def _follow_screen(self) -> None:
        screen = await Screen.connect(self.paths.x_socket)
        screen.on_resize = lambda width, height: screen.tile(services.tiles(width, height))
        self.desktop.show(screen)
        try:
            await screen.run(background=services.BACKGROUND, on_window=self._on_window)
        finally:
            self.desktop.show(None)

    def _on_window(self, window: Window) -> None:
        if window.kind.lower() != WINDOW_CLASS or not window.title:
            return
        title = window.title.removesuffix(TITLE_SUFFIX)
        if title != self._title:
            self._title = title
            self.log.emit("page", title=title)

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

    async def _announce_warm(self) -> None:
        await self.terminal.ready.wait()
        found = await self.desktop.look(WARM_S)
        screen = self.desktop.screen
        if screen is not None:
            await screen.wait_for("xterm")
        if self._person.switch:
            await self._settle_devices()
            # A collection would touch every object: each clone would copy what all of them share.
            gc.collect()
            gc.freeze()
        checks = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in found]
        line = json.dumps({"build_id": self.build_id, "checks": checks}, separators=(",", ":"))
        report(f"warm {line}")
        if self._person.switch:
            _print_on_console(f"vestibule-agent: warm {line}")

    async def _settle_devices(self) -> None:
        """Stop the device manager: nothing is ever plugged in, and every clone's new generation wakes it."""
        process = start(
            ["systemctl", "stop", *DEVICE_UNITS],
            person=Person(uid=0, gid=0, switch=False),
            environment={"PATH": services.SYSTEM_PATH},
            folder=self.paths.run,
            log=self.paths.logs / "systemctl.log",
        )
        await self._children.adopt(process)


async def _read_line(fd: int) -> None:
    # To the newline: Xvnc writes it separately, and dies when nobody is there to read it.
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(fd, "rb"))
    try:
        if not (await reader.readline()).endswith(b"\n"):
            raise ConnectionError("the X server ended before it was ready")
    finally:
        transport.close()


def _print_on_console(line: str) -> None:
    try:
        fd = os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        report(f"/dev/console: {error}")
        return
    with os.fdopen(fd, "w") as console:
        console.write(f"\r\n{line}\r\n")
