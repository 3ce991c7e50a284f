"""What host and guest say to each other before there is an agent, and what all their messages have in common.

::

    host    → desktop   Delivery      the agent's files, once, over the hand-over port
    desktop → host      Delivered     their digests, read back

No I/O: the controller imports this module too.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Self

DELIVERY_CONTRACT = 1
"""Version of Delivery and Delivered."""

PROXY_PORT = 3128
"""The guest's tools reach the egress proxy at 127.0.0.1:3128 in VM and container alike."""
HANDOVER_PORT_NAME = "vestibule.handover"
"""Name of the virtio-serial port; the guest finds it under /dev/virtio-ports/."""
HANDOVER_FD_VARIABLE = "VESTIBULE_HANDOVER_FD"
"""Environment variable with the number of the inherited hand-over channel."""
NEWS_FD_VARIABLE = "VESTIBULE_NEWS_FD"
"""Environment variable with the number of a pipe: a line for each piece of the desktop's news."""
SCREEN_UP, TERMINAL_UP = b"screen\n", b"terminal\n"
"""News: an X server is ready for clients, whenever one is; the terminal's session is there, once."""
MAX_LINE_BYTES = 65_536
MAX_DELIVERY_BYTES = 16 << 20


class ProtocolError(ValueError):
    """A message that is not of this contract; the text says which field."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Message:
    """A value that travels as one JSON object."""

    def encode(self) -> bytes:
        """The message as one line of JSON, newline included."""
        return json.dumps(dataclasses.asdict(self), separators=(",", ":")).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Self:
        """Read one line.  Raises ProtocolError when it is not JSON or a field is missing."""
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise ProtocolError(f"{cls.__name__}: not JSON: {error}") from error
        if not isinstance(raw, dict):
            raise ProtocolError(f"{cls.__name__}: an object was expected, not {type(raw).__name__}")
        return cls.from_mapping(raw)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object; unknown fields are ignored so that a newer peer may add some."""
        names = {field.name for field in dataclasses.fields(cls)}
        try:
            return cls(**{key: value for key, value in raw.items() if key in names})
        except TypeError as error:
            raise ProtocolError(f"{cls.__name__}: {error}") from error


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeliveredFile(Message):
    """One file of the agent's layer."""

    path: str
    """Absolute."""
    mode: int
    content: str
    """Base64."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Delivery(Message):
    """All files of the agent's layer."""

    contract: int
    files: list[DeliveredFile]

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any]) -> Self:
        """Build from a decoded object, the nested messages included."""
        files = [DeliveredFile.from_mapping(item) for item in raw.get("files", [])]
        return super().from_mapping({**raw, "files": files})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Delivered(Message):
    """What lies in the machine after a delivery."""

    contract: int
    digests: dict[str, str]
    """Path → SHA-256 of the file, read again after it was written; empty when the delivery was refused."""
    refusal: str = ""
    """Why, for a person; empty when all is there."""
