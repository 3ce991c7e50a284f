"""uvicorn's WebSocket, with a second way out beside ASGI's: see services.outlet."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from vestibule.services.outlet import EXTENSION

FRAME_BYTES = 65_535
"""Of one message at most: a page is given it once it is whole, and on a slow way that must not take long."""
_FIN_BINARY = 0x82
_SHORT, _TWO_BYTES = 125, 126


class OutletProtocol(WebSocketsSansIOProtocol):
    """One connection; implements ``Outlet`` itself.  Frames are plain: no extension may be agreed on."""

    _told: Callable[[bool], None] | None = None

    def handle_connect(self, event: Request) -> None:
        """Offer the outlet to the app, which is started by this."""
        super().handle_connect(event)
        if hasattr(self, "scope"):  # else it was no handshake, and no app was started
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self

    def pour(self, data: bytes) -> None:
        """See services.outlet.Outlet."""
        if not (self.close_sent or self.transport.is_closing()):
            self.transport.writelines(list(_framed(data)))

    def on_room(self, told: Callable[[bool], None] | None) -> None:
        """See services.outlet.Outlet."""
        self._told = told

    def pause_writing(self) -> None:
        """The transport holds enough."""
        super().pause_writing()
        if self._told is not None:
            self._told(False)

    def resume_writing(self) -> None:
        """The transport has got rid of most of it."""
        super().resume_writing()
        if self._told is not None:
            self._told(True)


def _framed(data: bytes) -> Iterator[bytes | memoryview]:
    """Binary messages of one frame each, not masked: RFC 6455, section 5.2."""
    whole = memoryview(data)
    for start in range(0, len(whole), FRAME_BYTES):
        piece = whole[start : start + FRAME_BYTES]
        yield _head(len(piece))
        yield piece


def _head(length: int) -> bytes:
    if length <= _SHORT:
        return bytes((_FIN_BINARY, length))
    return struct.pack(">BBH", _FIN_BINARY, _TWO_BYTES, length)
