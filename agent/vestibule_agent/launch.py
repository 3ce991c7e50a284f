"""The processes that the agent itself starts: the terminal's client, and a browser when none answers."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from vestibule_desktop import browser, services
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person
from vestibule_desktop.processes import start

VIEW_FEATURES = "256,RGB,bpaste,cstyle,strikethrough,overline,usstyle"
"""What a terminal in a person's browser can do (tmux(1), terminal-features)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inherited:
    """The descriptors that the desktop passed on."""

    handover_fd: int
    news_fd: int


class Launcher:
    """Knows how each is started; nothing more."""

    def __init__(self, paths: Paths, person: Person) -> None:
        self._paths, self.person = paths, person

    def prepare(self) -> None:
        """Make the FIFO of notices."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(self._paths.notices, 0o600)
            self.person.own(self._paths.notices)

    def terminal_client(self) -> subprocess.Popen[bytes]:
        """Join the terminal's session, in control mode on pipes; ends at once when there is none."""
        return start(
            services.tmux(self._paths, "-N", "-C", "attach-session", "-t", f"={services.SESSION}"),
            person=self.person,
            environment=services.terminal_environment(self._paths),
            folder=self._paths.home,
            log=self._paths.logs / "tmux.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def terminal_view(self, terminal: int) -> subprocess.Popen[bytes]:
        """Join the terminal's session on another (pseudo-)terminal, by its descriptor."""
        self.person.own(Path(os.ttyname(terminal)))
        # As "xterm" it stays off the alternate screen (tmux.conf), and can be scrolled back.
        return start(
            services.tmux(
                self._paths, "-N", "-T", VIEW_FEATURES, "attach-session", "-t", f"={services.SESSION}"
            ),
            person=self.person,
            environment={**services.terminal_environment(self._paths), "TERM": "xterm"},
            folder=self._paths.home,
            log=self._paths.logs / "terminal.log",
            stdin=terminal,
            stdout=terminal,
        )

    def browser_with(self, url: str) -> subprocess.Popen[bytes]:
        """Start Chromium with a URL."""
        return start(
            [*browser.argv(self._paths, proxy=services.PROXY_URL), url],
            person=self.person,
            environment=services.environment(self._paths),
            folder=self._paths.home,
            log=self._paths.logs / "chromium.log",
        )

    def verification(
        self, command: Sequence[str], environment: Mapping[str, str], output: int
    ) -> subprocess.Popen[bytes]:
        """Start a tool's command without a terminal, all that it says into ``output``.  Raises OSError."""
        person = self.person
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd=self._paths.home,
            start_new_session=True,
            user=person.uid if person.switch else None,
            group=person.gid if person.switch else None,
            extra_groups=[] if person.switch else None,
        )
