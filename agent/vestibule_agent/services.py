"""The desktop's programs: one list for VM and container.

The X server comes first and says on a pipe when it is ready; the others need it.  The terminal's tmux server
needs no X server, so it starts beside it.
"""

from __future__ import annotations

import dataclasses

from vestibule_agent import browser
from vestibule_agent.paths import Paths
from vestibule_agent.protocol import PROXY_PORT
from vestibule_agent.x11 import Geometry

PROXY_URL = f"http://127.0.0.1:{PROXY_PORT}"
GEOMETRY = "1280x800"
TERMINAL_SHARE = 0.385
BACKGROUND = 0x161B24
SESSION = "vestibule"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
WAITING = r"printf '\033[?25l\n  \033[2mWaiting for the sign-in to start…\033[0m'; exec sleep infinity"


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


def tool_environment(paths: Paths) -> dict[str, str]:
    """What a tool gets: no DISPLAY (Gemini would start a browser), openers first on PATH, the proxy."""
    return {
        **terminal_environment(paths),
        "PATH": f"{paths.openers}:{paths.tools}:{SYSTEM_PATH}",
        "BROWSER": str(paths.openers / "xdg-open"),
        "HTTP_PROXY": PROXY_URL,
        "HTTPS_PROXY": PROXY_URL,
        "http_proxy": PROXY_URL,
        "https_proxy": PROXY_URL,
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
    }


_SHARED = frozenset({"HOME", "USER", "LOGNAME", "SHELL", "LANG", "PATH", "VESTIBULE_NOTICES"})


def x_server(paths: Paths, ready_fd: int) -> Service:
    """Xvnc: X server and VNC server in one, on UNIX sockets only; writes to ``ready_fd`` when it is up."""
    options = ["-geometry", GEOMETRY, "-depth", "24", "-FrameRate", "30", "-AcceptSetDesktopSize"]
    sockets = ["-rfbunixpath", str(paths.vnc), "-rfbunixmode", "0600", "-rfbport", "-1", "-nolisten", "tcp"]
    look = ["-SecurityTypes", "None", "-desktop", "Vestibule", "-displayfd", str(ready_fd), "-noreset"]
    argv = ["Xvnc", paths.display, *options, *sockets, *look]
    return Service(name="xvnc", argv=argv, environment=environment(paths))


def tmux_control(paths: Paths) -> Service:
    """The terminal's session, made or joined in control mode."""
    session = ["new-session", "-A", "-s", SESSION, "-x", "200", "-y", "50", WAITING]
    argv = [*_tmux(paths), "-C", *session]
    return Service(name="tmux", argv=argv, environment=terminal_environment(paths))


def _tmux(paths: Paths) -> list[str]:
    return ["tmux", "-u", "-S", str(paths.tmux), "-f", str(paths.desktop / "tmux.conf")]


def window_manager(paths: Paths) -> Service:
    """Openbox: no decorations, no menus, the two windows side by side."""
    argv = ["openbox", "--config-file", str(paths.desktop / "rc.xml")]
    return Service(name="openbox", argv=argv, environment=environment(paths))


def web_browser(paths: Paths) -> Service:
    """Chromium on its start page."""
    argv = browser.argv(paths, proxy=PROXY_URL)
    return Service(name="chromium", argv=argv, environment=environment(paths))


def terminal_window(paths: Paths) -> Service:
    """Xterm, showing the tmux session."""
    resources = [
        f"XTerm*{line}" for line in (paths.desktop / "xterm.resources").read_text().splitlines() if line
    ]
    options = [word for line in resources for word in ("-xrm", line)]
    attach = [*_tmux(paths), "attach-session", "-t", SESSION]
    argv = ["xterm", "-geometry", "58x48+0+0", *options, "-e", *attach]
    return Service(name="xterm", argv=argv, environment=environment(paths))
