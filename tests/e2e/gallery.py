"""Visits to the dashboard that notice what a person would not forgive, and keep pictures of what they saw."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    CDPSession,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
)
from playwright.sync_api import TimeoutError as NeverSo

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
STANDARD = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}
"""All that another theme can change of a page that was looked at whole."""

SMALL = "small"
"""Light, with fewer pixels: small enough a file to be kept with the source."""

LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 880}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}

SETTLED_MS = 5_000
NARROWEST: ViewportSize = {"width": 360, "height": 740}

_ALL = {**LOOKS, SMALL: {**LOOKS["light"], "device_scale_factor": 0.75}}

# The page itself, and every part of it that could be scrolled sideways; only preformatted text may be.
_SIDEWAYS = """() => [...document.querySelectorAll("html, body *:not(pre)")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .filter((element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX)
                       || element === document.documentElement)
  .map((element) => `${element.tagName}.${element.className}`)"""
_VIOLATIONS = """async (rules) => {
  // What lies behind an open dialog cannot be reached.
  const open = document.querySelector('[role="dialog"][aria-modal="true"]');
  const {violations} = await axe.run(open ?? document, {runOnly: rules});
  return violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}"""


def await_picture(image: Locator) -> None:
    """Return when the browser has loaded it: an image of a broken address is 0 pixels wide."""
    image.scroll_into_view_if_needed()
    image.evaluate("(image) => image.decode()")
    assert image.evaluate("({naturalWidth}) => naturalWidth") > 0


_OF_AN_END = re.compile(
    r"/view-ticket\)$|^Got data while |WebSocket is closed before the connection is established"
    r"|Connection closed \(code: 1011, reason: machine_absent\)"  # a ticket of the moment before the end
    r"|status of 409 .*/(heartbeat|first-frame)\)$"  # a report of the moment before the end
)


class Visit:
    """One browser profile's page, its console and its requests."""

    def __init__(self, page: Page, *, home: str, folder: Path, look: str) -> None:
        self.page = page
        self.home = home
        self._home = urlsplit(home).netloc
        self._folder = folder
        self._look = look
        self._foreign: list[str] = []
        self._errors: list[str] = []
        self._forgiven: tuple[str, ...] = ()
        self._debugger: CDPSession | None = None
        page.on("request", self._note_request)
        page.on("websocket", lambda socket: self._note_address(socket.url))
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._errors.append(str(error)))

    def _note_request(self, request: Request) -> None:
        self._note_address(request.url)

    def _note_address(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != self._home:
            self._foreign.append(url)

    def _note_console(self, message: ConsoleMessage) -> None:
        forgiven = any(re.search(pattern, message.text) for pattern in self._forgiven)
        if message.type in {"error", "warning"} and not forgiven:
            self._errors.append(f"{message.text} ({message.location.get('url')})")

    def begin(self, *forgiven: str) -> None:
        """Another page from here on: what the one before complained of is not its fault.

        ``forgiven``: patterns of what its console says because it is about that.
        """
        self._errors.clear()
        self._foreign.clear()
        self._forgiven = forgiven

    def look_like(self, look: str) -> None:
        """The same page in another theme or size, without loading it again."""
        self._look = look
        self.page.emulate_media(color_scheme=LOOKS[look]["color_scheme"], reduced_motion="reduce")
        self.page.set_viewport_size(LOOKS[look]["viewport"])
        if self._debugger is None:
            self._debugger = self.page.context.new_cdp_session(self.page)
        enabled = {"enabled": LOOKS[look].get("has_touch", False)}
        self._debugger.send("Emulation.setTouchEmulationEnabled", enabled)

    def squeeze(self) -> None:
        """As narrow as phones are: nothing may need to be scrolled sideways, or be out of reach."""
        self.page.set_viewport_size(NARROWEST)
        try:
            # noVNC fits its picture a moment after its frame.
            self.page.wait_for_function(f"() => ({_SIDEWAYS})().length === 0", timeout=SETTLED_MS)
        except NeverSo:
            found = self.page.evaluate(_SIDEWAYS)
            raise AssertionError(f"scrolls sideways at {NARROWEST['width']} px: {found}") from None

    def expect_refusal(self, status: int) -> None:
        """One request was refused, as this page is about; the browser says so in its console."""
        mine = [error for error in self._errors if f"status of {status} " in error]
        assert mine, self._errors
        self._errors.remove(mine[0])

    def keep_end(self, name: str) -> Path:
        """Picture an ended session.

        It may have ended while the page reported something, its machine may have gone while the viewer asked
        for a ticket or opened its socket, or while noVNC still painted a picture: each is an error on the
        console, and none is the page's.
        """
        self._errors[:] = [error for error in self._errors if not _OF_AN_END.search(error)]
        return self.keep(name)

    def keep(self, name: str, rules: Mapping[str, object] = STANDARD) -> Path:
        """Take the picture ``name`` of a page that has nothing to forgive, by these rules of axe."""
        path = self.picture(name)
        self.examine(path.name, rules)
        return path

    def picture(self, name: str) -> Path:
        """Take the picture ``name`` without judging it."""
        path = self._folder / f"{name}-{self._look}.png"
        self.page.screenshot(path=path, animations="disabled")
        return path

    def examine(self, name: str, rules: Mapping[str, object] = STANDARD) -> None:
        """Find nothing to forgive in what is shown; ``name`` is for who reads what was found."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())  # as the debugger: the page's own policy stays in force
        seen = {
            "scrolls sideways": self.page.evaluate(_SIDEWAYS),
            "asked another origin": self._foreign,
            "complained in the console": self._errors,
            "keeps someone out": self.page.evaluate(_VIOLATIONS, rules),
        }
        unforgiven = {what: found for what, found in seen.items() if found}
        assert not unforgiven, f"{name}: {unforgiven}"


@contextlib.contextmanager
def visit(chromium: Browser, home: str, folder: Path, look: str, *, locale: str = "en-GB") -> Iterator[Visit]:
    """A fresh profile's page; motion is reduced so that a picture is of a page at rest."""
    context = chromium.new_context(reduced_motion="reduce", locale=locale, **_ALL[look])
    try:
        yield Visit(context.new_page(), home=home, folder=folder, look=look)
    finally:
        context.close()
