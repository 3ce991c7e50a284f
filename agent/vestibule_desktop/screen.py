"""A live view of the desktop: the windows that the window manager knows, kept current by X events.

Connected from before a snapshot, so a clone answers its hand-over without starting a process::

    X server ──PropertyNotify(_NET_CLIENT_LIST, _NET_WM_NAME)──▶ Screen.windows ──▶ checks, events
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from vestibule_desktop import x11
from vestibule_desktop.x_client import XClient, XError, XServerEnded

ATOMS = ("_NET_CLIENT_LIST", "_NET_WM_NAME", "WM_CLASS")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Window:
    """A managed window; ``kind`` is the class part of WM_CLASS."""

    number: int
    kind: str
    title: str


class Screen:
    """One connection to the X server."""

    def __init__(self, client: XClient) -> None:
        self.setup = x11.read_setup(client.setup)
        self.windows: dict[int, Window] = {}
        self.on_resize: Callable[[int, int], None] = lambda _width, _height: None
        self._client = client
        self._atoms: dict[str, int] = {}
        self._dirty = asyncio.Event()
        self._changed = asyncio.Event()

    @classmethod
    async def connect(cls, socket: Path) -> Screen:
        """Connect and read the set-up.  Raises as ``XClient.connect``."""
        return cls(await XClient.connect(socket))

    async def run(self, on_window: Callable[[Window], None]) -> None:
        """Follow the desktop until the connection ends; ``on_window`` hears of each new one and title.

        Raises an ExceptionGroup of XServerEnded.
        """
        # Both are children: when the server dies both fail at once, and before Python 3.13 a group whose own
        # body fails beside a child leaves a cancellation behind, for whatever its caller awaits next.
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._receive())
            tasks.create_task(self._follow(on_window))

    async def _follow(self, on_window: Callable[[Window], None]) -> None:
        for name in ATOMS:
            self._atoms[name] = await self._client.atom(name)
        self._client.send(x11.select(self.setup.root, x11.PROPERTY_CHANGE | x11.STRUCTURE_NOTIFY))
        self._dirty.set()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            await self._refresh(on_window)

    async def wait_for(self, kind: str) -> Window:
        """Return a window of this class that is viewable, as soon as there is one.  Raises XServerEnded."""
        while not self._client.ended:
            changed = self._changed
            for window in [known for known in self.windows.values() if known.kind.lower() == kind]:
                if await self.is_visible(window):
                    return window
            await changed.wait()
        raise XServerEnded

    async def is_visible(self, window: Window) -> bool:
        """Whether the window and all its ancestors are mapped, now."""
        try:
            reply = await self._client.ask(x11.get_window(x11.GET_WINDOW_ATTRIBUTES, window.number))
        except XError:
            return False
        return reply[26] == x11.VIEWABLE

    async def geometry(self, number: int | None = None) -> x11.Geometry:
        """Where a window is, now; the whole screen when no window is named.  Raises XError."""
        target = self.setup.root if number is None else number
        size = await self._client.ask(x11.get_window(x11.GET_GEOMETRY, target))
        corner = await self._client.ask(x11.translate_to_root(target, self.setup.root))
        (width, height), (x, y) = x11.size_of(size), x11.corner_of(corner)
        return x11.Geometry(x=x, y=y, width=width, height=height)

    def paint(self, pixel: int) -> None:
        """Give the root window one colour (0xRRGGBB)."""
        self._client.send(*x11.paint_root(self.setup.root, pixel))

    def tile(self, places: Mapping[str, x11.Geometry]) -> None:
        """Put the first window of each named class in its place."""
        for kind, place in places.items():
            numbers = [window.number for window in self.windows.values() if window.kind.lower() == kind]
            if numbers:
                self._client.send(x11.move(min(numbers), place))

    async def _refresh(self, on_window: Callable[[Window], None]) -> None:
        clients = await self._property(self.setup.root, "_NET_CLIENT_LIST")
        numbers = x11.windows_in(clients)
        for gone in self.windows.keys() - set(numbers):
            del self.windows[gone]
        for number in numbers:
            window = await self._describe(number)
            if window is not None and self.windows.get(number) != window:
                self.windows[number] = window
                on_window(window)
        self._changed.set()
        self._changed = asyncio.Event()

    async def _describe(self, number: int) -> Window | None:
        try:
            if number not in self.windows:
                self._client.send(x11.select(number, x11.PROPERTY_CHANGE | x11.STRUCTURE_NOTIFY))
            kinds = (await self._property(number, "WM_CLASS")).decode(errors="replace").split("\0")
            title = (await self._property(number, "_NET_WM_NAME")).decode(errors="replace")
        except XError:
            return None
        return Window(number=number, kind=kinds[1] if len(kinds) > 1 else "", title=title)

    async def _property(self, window: int, name: str) -> bytes:
        return x11.property_value(await self._client.ask(x11.get_property(window, self._atoms[name])))

    async def _receive(self) -> None:
        try:
            await self._client.run(self._on_event)
        finally:
            self._changed.set()  # who waits for a window sees that there will be none

    def _on_event(self, kind: int, event: bytes) -> None:
        if kind == x11.CONFIGURE_NOTIFY and x11.configured_window(event) == self.setup.root:
            self.on_resize(*x11.configured_size(event))
        if kind in {x11.PROPERTY_NOTIFY, x11.CONFIGURE_NOTIFY}:
            self._dirty.set()
