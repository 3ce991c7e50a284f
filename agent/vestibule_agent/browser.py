"""Chromium: how it is started, and how a running one is asked to show a URL.

The running one is asked over its own single-instance socket (chrome/browser/process_singleton_posix.cc):
``START NUL cwd NUL argv0 NUL argument …``, answered by ``ACK``.  That starts no process; under emulation
starting Chromium just to pass a URL on would take seconds.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from vestibule_agent.paths import Paths

PROGRAM = "/usr/lib/chromium/chromium"
"""The program itself: /usr/bin/chromium is a shell script that runs a dozen others first."""
ACKNOWLEDGED = b"ACK"
WINDOW_CLASS = "chromium"

_FEATURES_OFF = (
    "Translate",
    "OptimizationHints",
    "MediaRouter",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "EnableHangWatcher",
)
QUIET = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-breakpad",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-notifications",
    "--disable-print-preview",
    "--disable-dev-shm-usage",
    "--force-dark-mode",
    "--hide-crash-restore-bubble",
    "--noerrdialogs",
    "--no-pings",
    "--media-router=0",
    "--password-store=basic",
    # A dump of every process's memory, for statistics that nobody collects: two processor seconds, emulated.
    "--test-memory-log-delay-in-minutes=100000",
    f"--disable-features={','.join(_FEATURES_OFF)}",
)
"""Nothing asks, phones, or watches itself.  No debugging port, no automation flag: providers refuse those."""

PREFERENCES = """{
 "bookmark_bar": {"show_on_all_tabs": false},
 "browser": {"check_default_browser": false, "custom_chrome_frame": false,
   "has_seen_welcome_page": true, "show_home_button": false},
 "credentials_enable_service": false,
 "profile": {"exit_type": "Normal", "password_manager_enabled": false},
 "translate": {"enabled": false}
}
"""


class BrowserError(ConnectionError):
    """The running browser did not take the URL."""


def argv(paths: Paths, *, proxy: str) -> list[str]:
    """The command line of the desktop's browser."""
    return [
        PROGRAM,
        *QUIET,
        f"--user-data-dir={paths.profile}",
        f"--proxy-server={proxy}",
        "--class=Chromium",
        "--window-position=493,0",
        "--window-size=787,800",
        (paths.desktop / "start.html").as_uri(),
    ]


async def show(profile: Path, url: str) -> None:
    """Have the running browser open ``url`` in a new tab.  Raises BrowserError."""
    try:
        async with asyncio.timeout(10):
            answer = await _ask(profile / "SingletonSocket", _message(url))
    except (OSError, TimeoutError) as error:
        raise BrowserError(f"the browser's socket: {type(error).__name__}: {error}") from error
    if not answer.startswith(ACKNOWLEDGED):
        raise BrowserError(f"the browser answered {answer!r}")


def _message(url: str) -> bytes:
    return b"\0".join(word.encode() for word in ("START", "/", PROGRAM, url))


async def _ask(socket: Path, message: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(message)
        writer.write_eof()
        return await reader.read(16)
    finally:
        writer.close()
