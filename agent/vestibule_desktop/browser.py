"""Chromium: how it is started."""

from __future__ import annotations

from vestibule_desktop.paths import Paths

PROGRAM = "/usr/lib/chromium/chromium"
"""The program itself: /usr/bin/chromium is a shell script that runs a dozen others first."""
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
        (paths.config / "start.html").as_uri(),
    ]
