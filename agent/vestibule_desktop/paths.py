"""Where desktop and agent find and put things: one frozen value, so that a test can move all of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Paths:
    """Every path that they use.  The defaults are those of the guest."""

    run: Path = Path("/run/vestibule")
    """Sockets and the services' logs; made when it is missing."""
    home: Path = Path("/home/person")
    tools: Path = Path("/opt/vestibule/tools/node_modules/.bin")
    display: str = ":1"

    @property
    def vnc(self) -> Path:
        """The RFB socket of Xvnc, mode 0600."""
        return self.run / "vnc.sock"

    @property
    def tmux(self) -> Path:
        """The socket of the terminal's tmux server."""
        return self.run / "tmux.sock"

    @property
    def notices(self) -> Path:
        """The FIFO of short notices: ``open URL`` by the opener shims, ``ended CODE SIGNAL`` by tmux."""
        return self.run / "notices.fifo"

    @property
    def logs(self) -> Path:
        """One log per service."""
        return self.run / "log"

    @property
    def profile(self) -> Path:
        """Chromium's profile."""
        return self.home / ".config" / "vestibule-browser"

    @property
    def x_socket(self) -> Path:
        """The X server's socket."""
        return Path("/tmp/.X11-unix") / f"X{self.display.removeprefix(':')}"  # noqa: S108 - X11's own place

    @property
    def config(self) -> Path:
        """Configuration of the desktop's programs, package data."""
        return PACKAGE / "config"

    @property
    def agent(self) -> Path:
        """The agent's package, beside this one; absent in a machine that waits for its delivery."""
        return PACKAGE.parent / "vestibule_agent"
