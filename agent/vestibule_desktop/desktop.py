"""Keeps the desktop up: built once, run for the agent's life, which is the machine's.

::

    Xvnc ready ─▶ openbox, chromium ──▶ both windows visible ─▶ "vestibule-desktop: warm"
        │   terminal's session ─▶ xterm ┘
        └───────────┴─▶ news to the agent, which was started early, or starts when it has been delivered
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
from collections.abc import Callable, Coroutine

from vestibule_desktop import services
from vestibule_desktop.browser import WINDOW_CLASS
from vestibule_desktop.delivery import Reception
from vestibule_desktop.launch import Agent, EarlyStart, Launcher
from vestibule_desktop.messages import SCREEN_UP, TERMINAL_UP
from vestibule_desktop.paths import Paths
from vestibule_desktop.processes import Children
from vestibule_desktop.screen import Screen
from vestibule_desktop.supervisor import Supervisor, announce, report

WINDOWS = (WINDOW_CLASS, "xterm")


class Desktop:
    """The programs of one machine, and who keeps them."""

    def __init__(self, paths: Paths, launcher: Launcher, handover_fd: int) -> None:
        self._paths, self._launcher, self._handover_fd = paths, launcher, handover_fd
        self._children = Children()
        self._x_ready = asyncio.Event()
        self._terminal_ready = asyncio.Event()
        self._warm = False
        self._agent: Agent | None = None

    async def run(self, early: EarlyStart) -> int:
        """Keep everything up until the agent ends; returns its exit code, negative for a signal.

        It is not started again: its identity has gone with it, so the machine goes, too.
        """
        self._children.attach(asyncio.get_running_loop())
        self._agent = early.agent
        # Before anything else is reaped: whoever ends unexpected is forgotten.
        session = self._children.adopt(early.session)
        async with asyncio.TaskGroup() as tasks:
            keeping = [tasks.create_task(work) for work in self._work(early, session)]
            code = await self._agent_life()
            for task in keeping:
                task.cancel()
        return code

    async def _agent_life(self) -> int:
        if self._agent is None:
            await Reception(self._handover_fd).complete()
            self._agent = self._launcher.agent()
            for news, is_so in ((SCREEN_UP, self._x_ready), (TERMINAL_UP, self._terminal_ready)):
                if is_so.is_set():
                    self._tell_agent(news)
        return await self._children.adopt(self._agent.process)

    def _tell_agent(self, news: bytes) -> None:
        if self._agent is not None:
            with contextlib.suppress(BrokenPipeError):  # its end is noticed elsewhere
                os.write(self._agent.news_fd, news)

    def _work(self, early: EarlyStart, session: asyncio.Future[int]) -> list[Coroutine[None, None, None]]:
        launcher = self._launcher
        return [
            self._x_server(early),
            self._terminal(session),
            self._supervise("openbox", launcher.window_manager, self._x_ready),
            self._supervise("chromium", launcher.web_browser, self._x_ready),
            self._supervise("xterm", launcher.terminal_window, self._x_ready, self._terminal_ready),
        ]

    async def _supervise(
        self, name: str, launch: Callable[[], subprocess.Popen[bytes]], *needs: asyncio.Event
    ) -> None:
        await Supervisor(name, self._children, launch, needs).run()

    async def _terminal(self, session: asyncio.Future[int]) -> None:
        """Await the terminal's session; should it ever end, the xterm makes the next."""
        if code := await session:
            report(f"tmux ended: exit code {code}; the xterm tries again")
        self._terminal_ready.set()
        self._tell_agent(TERMINAL_UP)

    async def _x_server(self, early: EarlyStart) -> None:
        ready = {early.x_server.pid: early.ready_fd}

        def launch() -> subprocess.Popen[bytes]:
            process, fd = self._launcher.x_server()
            ready[process.pid] = fd
            return process

        async def attend(process: subprocess.Popen[bytes]) -> None:
            await _read_line(ready.pop(process.pid))
            self._x_ready.set()
            self._tell_agent(SCREEN_UP)
            try:
                await self._follow_screen()
            finally:
                self._x_ready.clear()

        await Supervisor("xvnc", self._children, launch).run(first=early.x_server, attend=attend)

    async def _follow_screen(self) -> None:
        screen = await Screen.connect(self._paths.x_socket)
        screen.on_resize = lambda width, height: screen.tile(services.tiles(width, height))
        screen.paint(services.BACKGROUND)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(screen.run(lambda _window: None))
            if not self._warm:
                tasks.create_task(self._announce_warm(screen))

    async def _announce_warm(self, screen: Screen) -> None:
        """Tell the host when a first boot's desktop can be seen, and grow still for a snapshot.

        A part of its screen's life: an X server that dies before is followed by another one.
        """
        for kind in WINDOWS:
            await screen.wait_for(kind)
        if self._launcher.is_root:
            await self._children.adopt(self._launcher.device_manager_stop())
            # A collection would touch every object: each clone would copy what all of them share.
            gc.collect()
            gc.freeze()
        self._warm = True
        announce("warm")


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
