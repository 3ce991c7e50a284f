"""Where the agent finds and puts things: one frozen value, so that a test can move all of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Paths:
    """Every path the agent uses.  The defaults are those of the guest."""

    run: Path = Path("/run/vestibule")
    """Sockets and the services' logs; made by the agent when it is missing."""
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
    def desktop(self) -> Path:
        """The desktop's configuration, package data."""
        return PACKAGE / "desktop"

    @property
    def openers(self) -> Path:
        """The shims named xdg-open, sensible-browser and so on, package data."""
        return PACKAGE / "openers"
