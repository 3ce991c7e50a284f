"""Between a page and its controller: the desktop's WebSocket, to cut, to freeze, to listen to."""

from __future__ import annotations

import re
import struct

from playwright.sync_api import Page, WebSocketRoute

KEY_EVENT = 4
VNC = re.compile(r"/api/vm/[^/]+/vnc$")


class Relay:
    """Of one page, from before its first desktop; what a viewer sends is kept."""

    def __init__(self, page: Page, address: re.Pattern[str] = VNC) -> None:
        self.connections = 0
        self._sent: list[bytes] = []
        self._newest: _Connection | None = None
        page.route_web_socket(address, self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        self.connections += 1
        self._newest = _Connection(route, self._sent)

    def cut(self) -> None:
        """The newest connection ends without a reason."""
        assert self._newest is not None
        self._newest.route.close(code=4000)

    def freeze(self) -> None:
        """Nothing passes through the newest connection any more; it stands."""
        assert self._newest is not None
        self._newest.frozen = True

    @property
    def keys(self) -> list[int]:
        """Keysyms that went down, of keys that have no place on a keyboard (RFC 6143, section 7.5.4)."""
        events = [struct.unpack(">BBxxI", sent) for sent in self._sent if sent[:1] == bytes([KEY_EVENT])]
        return [keysym for _, down, keysym in events if down]


class _Connection:
    def __init__(self, route: WebSocketRoute, sent: list[bytes]) -> None:
        self.route = route
        self.frozen = False
        self._sent = sent
        self._server = route.connect_to_server()
        route.on_message(self._up)
        self._server.on_message(self._down)

    def _up(self, message: str | bytes) -> None:
        self._sent.append(message if isinstance(message, bytes) else message.encode())
        if not self.frozen:
            self._server.send(message)

    def _down(self, message: str | bytes) -> None:
        if not self.frozen:
            self.route.send(message)
