"""The page that the browser was asked to show, which a browser that was started again does not have."""

from __future__ import annotations

START_TITLE = "Vestibule"
"""Of the page that the desktop's browser starts with (vestibule_desktop/config/start.html)."""


class ShownPage:
    """One per machine."""

    def __init__(self) -> None:
        self.url: str | None = None
        self._was_seen = False

    def asked(self, url: str) -> None:
        """The browser was asked to show it; its start page may still be in front."""
        self.url, self._was_seen = url, False

    def is_lost(self, title: str) -> bool:
        """Whether a window's new title tells of another browser, with its start page instead of ours."""
        if self.url is None:
            return False
        if title != START_TITLE:
            self._was_seen = True
            return False
        lost, self._was_seen = self._was_seen, False
        return lost
