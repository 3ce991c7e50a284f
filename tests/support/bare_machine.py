"""A place like a machine's: no network, an empty home, a name of its own; nothing of this host is to be seen.

::

    outside: unshare --net --uts --mount --pid ─▶ inside: /home/person (empty), /opt/vestibule/tools, loopback

What a tool prints in there is the same wherever it is recorded, so nothing has to be scrubbed out of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HOME = Path("/home/person")
OPENERS = HOME.parent / "openers"
OPENED = HOME.parent / "opened"
TOOLS = Path("/opt/vestibule/tools")
UID = 1000
PROXY_PORT = 3128
_INSIDE = "VESTIBULE_BARE_MACHINE"
_OPENER = '#!/bin/sh\nfor word; do case $word in *://*) echo "$word" >> {opened};; esac; done\n'
_NAMES = ("xdg-open", "sensible-browser", "x-www-browser", "www-browser", "gnome-open")


def is_inside() -> bool:
    """Whether this process is in such a place already."""
    return bool(os.environ.get(_INSIDE))


def go_inside(argv: Sequence[str]) -> int:
    """Run this program once more, inside; returns its exit code.  As root: tools run as another user."""
    place = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--mount-proc"]
    return subprocess.run(
        [*place, sys.executable, *argv], env={**os.environ, _INSIDE: "1"}, check=False
    ).returncode


def furnish(tools: Path) -> None:
    """Make the place what it says; ``tools``: an installed ``images/tools`` folder."""
    for argv in (
        ["hostname", "machine"],
        ["ip", "link", "set", "lo", "up"],
        ["mount", "-t", "tmpfs", "none", "/home"],
        ["mount", "-t", "tmpfs", "none", "/opt"],
    ):
        subprocess.run(argv, check=True)
    TOOLS.mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(tools), str(TOOLS)], check=True)
    OPENERS.mkdir()
    for name in _NAMES:
        (OPENERS / name).write_text(_OPENER.format(opened=OPENED))
        (OPENERS / name).chmod(0o755)
    OPENED.touch(0o666)
    OPENED.chmod(0o666)


def empty_home() -> None:
    """A new home, and no address opened."""
    subprocess.run(["rm", "-rf", str(HOME)], check=True)
    HOME.mkdir(0o700)
    os.chown(HOME, UID, UID)
    OPENED.write_text("")


def environment() -> dict[str, str]:
    """What a tool gets in a machine: no DISPLAY, openers first, a proxy (not there unless doubled)."""
    proxy = f"http://127.0.0.1:{PROXY_PORT}"
    return {
        "HOME": str(HOME),
        "USER": "person",
        "LOGNAME": "person",
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TERM": "tmux-256color",
        "TMUX": "/run/tmux,1,0",
        "PATH": f"{OPENERS}:{TOOLS}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin",
        "BROWSER": str(OPENERS / "xdg-open"),
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,::1"),
    }
