"""Starts the desktop's programs and the agent: the first of them before anything heavy is imported."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

from vestibule_desktop import browser, services
from vestibule_desktop.messages import HANDOVER_FD_VARIABLE, NEWS_FD_VARIABLE
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person
from vestibule_desktop.processes import start


@dataclasses.dataclass(frozen=True, kw_only=True)
class Agent:
    """The agent's process, and the pipe on which it is told the desktop's news."""

    process: subprocess.Popen[bytes]
    news_fd: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class EarlyStart:
    """Programs on their way up; ``ready_fd`` becomes readable when the X server is ready."""

    x_server: subprocess.Popen[bytes]
    ready_fd: int
    session: subprocess.Popen[bytes]
    """Ends when the terminal's session is there."""
    agent: Agent | None
    """None in a machine that waits for its agent's delivery."""


class Launcher:
    """Knows how each program is started; nothing more."""

    def __init__(self, paths: Paths, person: Person, handover_fd: int) -> None:
        self._paths, self._person, self._handover_fd = paths, person, handover_fd

    @property
    def is_root(self) -> bool:
        """Whether the whole machine is ours, as in a VM, or the person's alone, as in a container."""
        return self._person.switch

    def prepare(self) -> None:
        """Make the folders and the browser's first preferences."""
        for folder in (self._paths.run, self._paths.home, self._paths.logs):
            self._person.make_folder(folder)
            self._person.own(folder)
        self._person.make_folder(self._paths.profile / "Default", 0o700)
        preferences = self._paths.profile / "Default" / "Preferences"
        if not preferences.exists():
            preferences.write_text(browser.PREFERENCES)
            self._person.own(preferences)

    def early(self) -> EarlyStart:
        """Start what needs nothing else."""
        process, ready_fd = self.x_server()
        session = self._start(services.terminal_session(self._paths))
        agent = self.agent() if self._paths.agent.is_dir() else None
        return EarlyStart(x_server=process, ready_fd=ready_fd, session=session, agent=agent)

    def x_server(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start Xvnc; the descriptor becomes readable when clients may connect."""
        ready, write = os.pipe()
        try:
            return self._start(services.x_server(self._paths, write), pass_fds=[write]), ready
        finally:
            os.close(write)

    def agent(self) -> Agent:
        """Start the agent, once: the hand-over's channel is its own from now on."""
        told, tell = os.pipe()
        fds = {HANDOVER_FD_VARIABLE: self._handover_fd, NEWS_FD_VARIABLE: told}
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", self._paths.agent],
                stdin=subprocess.DEVNULL,
                env={**os.environ, **{name: str(fd) for name, fd in fds.items()}},
                pass_fds=list(fds.values()),
            )
        finally:
            for fd in fds.values():
                os.close(fd)
        return Agent(process=process, news_fd=tell)

    def window_manager(self) -> subprocess.Popen[bytes]:
        """Start openbox."""
        return self._start(services.window_manager(self._paths))

    def web_browser(self) -> subprocess.Popen[bytes]:
        """Start Chromium."""
        return self._start(services.web_browser(self._paths))

    def terminal_window(self) -> subprocess.Popen[bytes]:
        """Start the xterm."""
        return self._start(services.terminal_window(self._paths))

    def device_manager_stop(self) -> subprocess.Popen[bytes]:
        """Stop udev: nothing is ever plugged in, and every clone's new generation wakes it."""
        root = Person(uid=0, gid=0, switch=False)
        log = self._paths.logs / "systemctl.log"
        environment = {"PATH": services.SYSTEM_PATH}
        argv = ["systemctl", "stop", *services.DEVICE_UNITS]
        return start(argv, person=root, environment=environment, folder=self._paths.run, log=log)

    def _start(
        self, service: services.Service, *, pass_fds: list[int] | None = None
    ) -> subprocess.Popen[bytes]:
        return start(
            service.argv,
            person=self._person,
            environment=service.environment,
            folder=self._paths.home,
            log=self._paths.logs / f"{service.name}.log",
            pass_fds=pass_fds or (),
        )
