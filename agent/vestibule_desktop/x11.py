"""The X11 protocol, the little that desktop and agent need of it.  No I/O; little-endian, no authorisation.

Source: X Window System Protocol, X11R7, appendix B; EWMH 1.5 for the property names.
A client of our own costs no process: under emulation each ``xprop`` would cost a tenth of a second.
"""

from __future__ import annotations

import dataclasses
import struct

CHANGE_WINDOW_ATTRIBUTES, GET_WINDOW_ATTRIBUTES, CONFIGURE_WINDOW, GET_GEOMETRY = 2, 3, 12, 14
INTERN_ATOM, GET_PROPERTY, TRANSLATE_COORDINATES, CLEAR_AREA = 16, 20, 40, 61
ERROR, REPLY, CONFIGURE_NOTIFY, PROPERTY_NOTIFY = 0, 1, 22, 28
BACK_PIXEL, EVENT_MASK = 1 << 1, 1 << 11
STRUCTURE_NOTIFY, PROPERTY_CHANGE = 1 << 17, 1 << 22
VIEWABLE = 2
SETUP_REQUEST = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)
SETUP_HEAD_BYTES = 8
PACKET_BYTES = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class Setup:
    """What the server says first: its root window and the screen's size in pixels."""

    root: int
    width: int
    height: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Geometry:
    """A window's place on the root window, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}+{self.x}+{self.y}"


def read_setup(body: bytes) -> Setup:
    """Read the additional data of a successful connection set-up (after its 8 bytes of head)."""
    vendor_bytes, formats = struct.unpack_from("<H", body, 16)[0], body[21]
    screen = 32 + (vendor_bytes + 3) // 4 * 4 + 8 * formats
    root = struct.unpack_from("<I", body, screen)[0]
    width, height = struct.unpack_from("<HH", body, screen + 20)
    return Setup(root=root, width=width, height=height)


def request(opcode: int, data: int, body: bytes) -> bytes:
    """Any request: its body is padded to a multiple of four bytes."""
    padded = body + b"\0" * (-len(body) % 4)
    return struct.pack("<BBH", opcode, data, 1 + len(padded) // 4) + padded


def intern_atom(name: str) -> bytes:
    """Ask for the number of a name."""
    return request(INTERN_ATOM, 0, struct.pack("<Hxx", len(name)) + name.encode())


def get_property(window: int, atom: int) -> bytes:
    """Ask for a whole property of any type (up to 64 KiB)."""
    return request(GET_PROPERTY, 0, struct.pack("<IIIII", window, atom, 0, 0, 16_384))


def property_value(reply: bytes) -> bytes:
    """The value in a GetProperty reply; empty when there is no such property."""
    unit = reply[1] // 8
    return reply[32 : 32 + unit * struct.unpack_from("<I", reply, 16)[0]]


def select(window: int, mask: int) -> bytes:
    """Be told of a window's events."""
    return request(CHANGE_WINDOW_ATTRIBUTES, 0, struct.pack("<III", window, EVENT_MASK, mask))


def paint_root(root: int, pixel: int) -> tuple[bytes, bytes]:
    """Give the root window one colour (0xRRGGBB): two requests."""
    colour = request(CHANGE_WINDOW_ATTRIBUTES, 0, struct.pack("<III", root, BACK_PIXEL, pixel))
    return colour, request(CLEAR_AREA, 0, struct.pack("<IHHHH", root, 0, 0, 0, 0))


def get_window(opcode: int, window: int) -> bytes:
    """GetGeometry or GetWindowAttributes."""
    return request(opcode, 0, struct.pack("<I", window))


def translate_to_root(window: int, root: int) -> bytes:
    """Ask where a window's corner is on the root window."""
    return request(TRANSLATE_COORDINATES, 0, struct.pack("<IIHH", window, root, 0, 0))


def move(window: int, place: Geometry) -> bytes:
    """Ask the window manager for another place and size."""
    values = struct.pack("<iiII", place.x, place.y, place.width, place.height)
    return request(CONFIGURE_WINDOW, 0, struct.pack("<IHxx", window, 0b1111) + values)


def size_of(geometry_reply: bytes) -> tuple[int, int]:
    """Width and height in a GetGeometry reply."""
    width, height = struct.unpack_from("<HH", geometry_reply, 16)
    return width, height


def corner_of(translate_reply: bytes) -> tuple[int, int]:
    """Corner (x, y) in a TranslateCoordinates reply."""
    x, y = struct.unpack_from("<hh", translate_reply, 12)
    return x, y


def configured_window(event: bytes) -> int:
    """The window that a ConfigureNotify event speaks of."""
    return int(struct.unpack_from("<I", event, 8)[0])


def configured_size(event: bytes) -> tuple[int, int]:
    """Width and height in a ConfigureNotify event."""
    width, height = struct.unpack_from("<HH", event, 20)
    return width, height


def windows_in(value: bytes) -> list[int]:
    """The window numbers in a property of type WINDOW[]."""
    return list(struct.unpack(f"<{len(value) // 4}I", value[: len(value) // 4 * 4]))
