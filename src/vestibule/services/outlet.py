"""How a desktop's bytes get out to a viewer: at once, without a task and a message for each piece.

ASGI's own way awaits every message, and copies it more than once; the server offers this one beside it, in
the scope's extensions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

EXTENSION = "vestibule.outlet"
"""Its name in the scope's extensions."""


class Outlet(Protocol):
    """Of one WebSocket that was accepted."""

    def pour(self, data: bytes) -> None:
        """Send it as binary messages, after all that was sent before; nothing once the WebSocket is closed.

        Never blocks: whoever pours on although it is full fills the memory.
        """
        ...

    def on_room(self, told: Callable[[bool], None] | None) -> None:
        """Have ``told`` called from now on: with False when it is full, with True once there is room."""
        ...
