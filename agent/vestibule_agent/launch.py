"""Starts the desktop's first programs: before anything heavy is imported, so that they start meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess

from vestibule_agent import browser, services
from vestibule_agent.paths import Paths
from vestibule_agent.person import Person
from vestibule_agent.processes import start


@dataclasses.dataclass(frozen=True, kw_only=True)
class EarlyStart:
    """Two programs on their way up; ``ready_fd`` becomes readable when the X server is ready."""

    x_server: subprocess.Popen[bytes]
    ready_fd: int
    tmux: subprocess.Popen[bytes]


class Launcher:
    """Knows how each service is started; nothing more."""

    def __init__(self, paths: Paths, person: Person) -> None:
        self._paths, self._person = paths, person

    def prepare(self) -> None:
        """Make the folders, the FIFO of notices and the browser's first preferences."""
        for folder in (self._paths.run, self._paths.home, self._paths.logs):
            self._person.make_folder(folder)
            self._person.own(folder)
        self._person.make_folder(self._paths.profile / "Default", 0o700)
        preferences = self._paths.profile / "Default" / "Preferences"
        if not preferences.exists():
            preferences.write_text(browser.PREFERENCES)
            self._person.own(preferences)
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._paths.notices, 0o600)
            self._person.own(self._paths.notices)

    def early(self) -> EarlyStart:
        """Start what needs nothing else."""
        process, ready_fd = self.x_server()
        return EarlyStart(x_server=process, ready_fd=ready_fd, tmux=self.tmux())

    def x_server(self) -> tuple[subprocess.Popen[bytes], int]:
        """Start Xvnc; the descriptor becomes readable when clients may connect."""
        ready, write = os.pipe()
        try:
            return self._start(services.x_server(self._paths, write), pass_fds=[write]), ready
        finally:
            os.close(write)

    def tmux(self) -> subprocess.Popen[bytes]:
        """Start or join the terminal's session, in control mode on pipes."""
        service = services.tmux_control(self._paths)
        return self._start(service, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def window_manager(self) -> subprocess.Popen[bytes]:
        """Start openbox."""
        return self._start(services.window_manager(self._paths))

    def web_browser(self) -> subprocess.Popen[bytes]:
        """Start Chromium."""
        return self._start(services.web_browser(self._paths))

    def terminal_window(self) -> subprocess.Popen[bytes]:
        """Start the xterm."""
        return self._start(services.terminal_window(self._paths))

    def _start(
        self,
        service: services.Service,
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | None = None,
        pass_fds: list[int] | None = None,
    ) -> subprocess.Popen[bytes]:
        return start(
            service.argv,
            person=self._person,
            environment=service.environment,
            folder=self._paths.home,
            log=self._paths.logs / f"{service.name}.log",
            stdin=stdin,
            stdout=stdout,
            pass_fds=pass_fds or (),
        )
