"""The desktop's programs: one list for VM and container.

The X server comes first and says on a pipe when it is ready; the others need it.  The terminal's session
needs no X server, so it is made beside it.
"""

from __future__ import annotations

import dataclasses

from vestibule_desktop import browser
from vestibule_desktop.messages import PROXY_PORT
from vestibule_desktop.paths import Paths
from vestibule_desktop.x11 import Geometry

PROXY_URL = f"http://127.0.0.1:{PROXY_PORT}"
GEOMETRY = "1280x800"
TERMINAL_SHARE = 0.385
BACKGROUND = 0x161B24
SESSION = "vestibule"
DEVICE_UNITS = ("systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service")
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
WAITING = r"printf '\033[?25l\n  \033[2mWaiting for the sign-in to start…\033[0m'; exec sleep infinity"
_SESSION = ("-s", SESSION, "-x", "200", "-y", "50", WAITING)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service:
    """A supervised program: a name for its log, its command line, its whole environment."""

    name: str
    argv: list[str]
    environment: dict[str, str]


def tiles(width: int, height: int) -> dict[str, Geometry]:
    """Where the two windows are on a desktop of this size in pixels: terminal left, browser right."""
    left = round(width * TERMINAL_SHARE)
    return {
        "xterm": Geometry(x=0, y=0, width=left, height=height),
        browser.WINDOW_CLASS: Geometry(x=left, y=0, width=width - left, height=height),
    }


def environment(paths: Paths) -> dict[str, str]:
    """What every program of the desktop gets."""
    return {
        "HOME": str(paths.home),
        "USER": "person",
        "LOGNAME": "person",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "PATH": SYSTEM_PATH,
        "DISPLAY": paths.display,
        "VESTIBULE_NOTICES": str(paths.notices),
        # Preset: ANGLE's setenv races with getenv in Chromium's other threads and crashes one start in 14.
        "VK_ICD_FILENAMES": "/dev/null",
        # There is no bus in the guest: an address that cannot be used stops Chromium from looking for one.
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "NO_AT_BRIDGE": "1",
    }


def terminal_environment(paths: Paths) -> dict[str, str]:
    """What the terminal's tmux server gets, and so every tool: nothing that hints at a display."""
    return {key: value for key, value in environment(paths).items() if key in _SHARED}


_SHARED = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "LANG", "PATH", "VESTIBULE_NOTICES"})


def x_server(paths: Paths, ready_fd: int) -> Service:
    """Xvnc: X server and VNC server in one, on UNIX sockets only; writes to ``ready_fd`` when it is up."""
    options = ["-geometry", GEOMETRY, "-depth", "24", "-FrameRate", "30", "-AcceptSetDesktopSize"]
    sockets = ["-rfbunixpath", str(paths.vnc), "-rfbunixmode", "0600", "-rfbport", "-1", "-nolisten", "tcp"]
    look = ["-SecurityTypes", "None", "-desktop", "Vestibule", "-displayfd", str(ready_fd), "-noreset"]
    # All viewers come from one host, its agent: hanging up early would lock every other one out.
    doors = ["-UseBlacklist=0"]
    # The clipboard goes through the agent: any script, and to nobody who only views.
    clipboard = ["-SendCutText=0", "-AcceptCutText=0"]
    argv = ["Xvnc", paths.display, *options, *sockets, *look, *doors, *clipboard]
    return Service(name="xvnc", argv=argv, environment=environment(paths))


def tmux(paths: Paths, *words: str) -> list[str]:
    """The command line of a client of the terminal's tmux server.

    Two clients that find no server and start one at the same time end it again: only one of them may.
    """
    return ["tmux", "-u", "-S", str(paths.tmux), "-f", str(paths.config / "tmux.conf"), *words]


def terminal_session(paths: Paths) -> Service:
    """Makes the terminal's session, tmux server included, and ends."""
    argv = tmux(paths, "new-session", "-d", *_SESSION)
    return Service(name="tmux", argv=argv, environment=terminal_environment(paths))


def window_manager(paths: Paths) -> Service:
    """Openbox: no decorations, no menus, the two windows side by side."""
    argv = ["openbox", "--config-file", str(paths.config / "rc.xml")]
    return Service(name="openbox", argv=argv, environment=environment(paths))


def web_browser(paths: Paths) -> Service:
    """Chromium on its start page."""
    argv = browser.argv(paths, proxy=PROXY_URL)
    return Service(name="chromium", argv=argv, environment=environment(paths))


def terminal_window(paths: Paths) -> Service:
    """Xterm, showing the tmux session."""
    resources = [
        f"XTerm*{line}" for line in (paths.config / "xterm.resources").read_text().splitlines() if line
    ]
    options = [word for line in resources for word in ("-xrm", line)]
    # A tmux server keeps what it was started with: no DISPLAY, no WINDOWID.
    clean = [f"{name}={value}" for name, value in terminal_environment(paths).items()]
    # It is there, or its server has ended: then this makes it again.
    joined = tmux(paths, "new-session", "-A", *_SESSION)
    inside = ["/usr/bin/env", "-i", "TERM=xterm-256color", *clean, *joined]
    argv = ["xterm", "-geometry", "58x48+0+0", *options, "-e", *inside]
    return Service(name="xterm", argv=argv, environment=environment(paths))
