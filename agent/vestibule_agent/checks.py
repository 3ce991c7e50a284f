"""Looks at the desktop for real: each check asks the thing itself and says what it answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from vestibule_agent.protocol import Check
from vestibule_desktop.browser import WINDOW_CLASS
from vestibule_desktop.paths import Paths
from vestibule_desktop.screen import Screen
from vestibule_desktop.x_client import XError

BANNER = b"RFB 003.008\n"
NO_PASSWORD = b"\x01"
"""Security type None, and its number."""
SANE_YEAR_S = 1_700_000_000
BROWSER = "browser"


class Desktop:
    """The checks of one machine; ``screen`` is None while there is no X server."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._screen: Screen | None = None
        self._appeared = asyncio.Event()

    def show(self, screen: Screen | None) -> None:
        """The X connection came or went."""
        self._screen = screen
        if screen is None:
            self._appeared.clear()
        else:
            self._appeared.set()

    @property
    def screen(self) -> Screen | None:
        """The present X connection."""
        return self._screen

    async def look(self, timeout_s: float) -> list[Check]:
        """desktop, browser and vnc; waits for what is still coming, up to the deadline."""
        named = (("desktop", self._desktop), (BROWSER, self._browser), ("vnc", self._vnc))
        return list(await asyncio.gather(*(_within(timeout_s, name, look) for name, look in named)))

    async def first_look(self, timeout_s: float) -> tuple[list[Check], list[str]]:
        """The checks that a first picture of the desktop needs, and the names of those still to come.

        A container's browser takes seconds longer than its screen: nobody waits for it to see the latter.
        """
        browser = asyncio.ensure_future(_within(timeout_s, BROWSER, self._browser))
        named = (("desktop", self._desktop), ("vnc", self._vnc))
        seen = await asyncio.gather(*(_within(timeout_s, name, look) for name, look in named))
        if browser.done():
            return [*seen, browser.result()], []
        browser.cancel()
        return list(seen), [BROWSER]

    async def await_browser(self, timeout_s: float) -> None:
        """Return once the browser's window is there, or after the deadline."""
        await _within(timeout_s, BROWSER, self._browser)

    async def _desktop(self) -> str:
        screen = await self._present()
        return f"X answers on {self._paths.display}, {await screen.geometry()}"

    async def _browser(self) -> str:
        screen = await self._present()
        while True:
            window = await screen.wait_for(WINDOW_CLASS)
            try:
                place = await screen.geometry(window.number)
            except XError:
                # Closed between two questions: wait for its successor.
                continue
            return f"window {window.number:#x} visible, {place}: {window.title}"

    async def _vnc(self) -> str:
        """Come in as a viewer does (RFC 6143, 7.1), up to the server's word that one may."""
        await self._present()
        reader, writer = await asyncio.open_unix_connection(self._paths.vnc)
        try:
            banner = await reader.readexactly(len(BANNER))
            if banner != BANNER:
                raise ConnectionError(f"the banner was {banner!r}")
            writer.write(banner)
            offered = await reader.readexactly((await reader.readexactly(1))[0])
            writer.write(NO_PASSWORD)
            if NO_PASSWORD not in offered or await reader.readexactly(4) != bytes(4):
                raise ConnectionError("the server lets nobody in")
        finally:
            writer.close()
        return banner.decode().strip()

    async def _present(self) -> Screen:
        await self._appeared.wait()
        if self._screen is None:
            raise ConnectionError("the X server went away")
        return self._screen


def clock() -> Check:
    """Whether the clock can be right at all; its distance from the host's is known at hand-over only."""
    now = time.time()
    return Check(name="clock", ok=now > SANE_YEAR_S, detail=f"{now:.3f}")


async def _within(timeout_s: float, name: str, look: Callable[[], Awaitable[str]]) -> Check:
    try:
        async with asyncio.timeout(timeout_s):
            return Check(name=name, ok=True, detail=await look())
    except TimeoutError:
        return Check(name=name, ok=False, detail=f"nothing within {timeout_s:g} s")
    except (OSError, EOFError) as error:
        return Check(name=name, ok=False, detail=f"{type(error).__name__}: {error}")
