"""What a tool is started with."""

from __future__ import annotations

from pathlib import Path

from vestibule_desktop.paths import Paths
from vestibule_desktop.services import PROXY_URL, SYSTEM_PATH, terminal_environment

OPENERS = Path(__file__).resolve().parent / "openers"
"""The shims named xdg-open, sensible-browser and so on, package data."""


def tool_environment(paths: Paths) -> dict[str, str]:
    """What a tool gets: no DISPLAY (Gemini would start a browser), openers first on PATH, the proxy."""
    return {
        **terminal_environment(paths),
        "PATH": f"{OPENERS}:{paths.tools}:{SYSTEM_PATH}",
        "BROWSER": str(OPENERS / "xdg-open"),
        "HTTP_PROXY": PROXY_URL,
        "HTTPS_PROXY": PROXY_URL,
        "http_proxy": PROXY_URL,
        "https_proxy": PROXY_URL,
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
    }
