"""X11 selections, the pure part: the requests and events that passing a text on and taking one over need.

Sources: X Window System Protocol, X11R7, appendix B; ICCCM 2.0, section 2 (selections, INCR);
XFIXES 5.0, section 7 (selection tracking).  Little-endian, like ``vestibule_desktop/x11.py``.
"""

from __future__ import annotations

import dataclasses
import struct

from vestibule_desktop.x11 import CHANGE_WINDOW_ATTRIBUTES, EVENT_MASK, PROPERTY_CHANGE, request

CREATE_WINDOW, CHANGE_PROPERTY, GET_PROPERTY, QUERY_EXTENSION = 1, 18, 20, 98
SET_OWNER, GET_OWNER, CONVERT, SEND_EVENT = 22, 23, 24, 25
SELECTION_REQUEST, SELECTION_NOTIFY = 30, 31
NEW_VALUE, DELETED = 0, 1
NONE = CURRENT_TIME = 0
ATOM = 4
INPUT_ONLY = 2
PIECE_BYTES = 65_536
"""What is longer is passed on piece by piece: a request has at most 262 140 bytes."""
ATOMS = (
    "CLIPBOARD",
    "PRIMARY",
    "TARGETS",
    "INCR",
    "UTF8_STRING",
    "text/plain;charset=utf-8",
    "text/plain",
    "VESTIBULE_TEXT",
)
TEXTS = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain")
"""The forms in which a text is offered; all of them are UTF-8."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """Somebody wants a selection of ours (SelectionRequest)."""

    time: int
    requestor: int
    selection: int
    target: int
    property: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Value:
    """One answer to GetProperty: its type, and the bytes that came."""

    type: int
    data: bytes


def first_id(setup: bytes) -> int:
    """The first number that this client may give to a window."""
    return int(struct.unpack_from("<I", setup, 4)[0])


def create_window(window: int, root: int) -> bytes:
    """A window that nobody sees: an owner of selections needs one."""
    head = struct.pack("<IIhhHHHHI", window, root, -1, -1, 1, 1, 0, INPUT_ONLY, 0)
    return request(CREATE_WINDOW, 0, head + struct.pack("<II", EVENT_MASK, PROPERTY_CHANGE))


def query_extension(name: str) -> bytes:
    """Ask whether there is an extension, and for its numbers."""
    return request(QUERY_EXTENSION, 0, struct.pack("<Hxx", len(name)) + name.encode())


def extension_numbers(reply: bytes) -> tuple[int, int] | None:
    """Major opcode and first event; None when there is no such extension."""
    return (reply[9], reply[10]) if reply[8] else None


def xfixes_version(opcode: int) -> bytes:
    """XFixesQueryVersion: without it, nothing else is served."""
    return request(opcode, 0, struct.pack("<II", 5, 0))


def watch(opcode: int, window: int, selection: int) -> bytes:
    """XFixesSelectSelectionInput: be told whenever a selection gets another owner."""
    return request(opcode, 2, struct.pack("<III", window, selection, 1))


def watched(event: bytes) -> tuple[int, int]:
    """New owner and the time of the change in an XFixesSelectionNotify event."""
    owner, _selection, _time, since = struct.unpack_from("<IIII", event, 8)
    return int(owner), int(since)


def own(window: int, selection: int) -> bytes:
    """Become the owner of a selection, now."""
    return request(SET_OWNER, 0, struct.pack("<III", window, selection, 0))


def get_owner(selection: int) -> bytes:
    """Ask who owns a selection."""
    return request(GET_OWNER, 0, struct.pack("<I", selection))


def owner_of(reply: bytes) -> int:
    """The window that ``get_owner`` asked for; NONE when there is none."""
    return int(struct.unpack_from("<I", reply, 8)[0])


def convert(window: int, selection: int, target: int, into: int, time: int) -> bytes:
    """Ask a selection's owner for its value, into a property of ours."""
    return request(CONVERT, 0, struct.pack("<IIIII", window, selection, target, into, time))


def converted_into(event: bytes) -> int:
    """The property in a SelectionNotify event; NONE when the owner has no such value."""
    return int(struct.unpack_from("<I", event, 20)[0])


def take_property(window: int, name: int, most: int) -> bytes:
    """Read up to ``most`` bytes of a property; it is deleted if that was all of it."""
    return request(GET_PROPERTY, 1, struct.pack("<IIIII", window, name, 0, 0, most // 4))


def value_of(reply: bytes) -> Value:
    """What a property holds."""
    kind, _after, units = struct.unpack_from("<III", reply, 8)
    return Value(type=kind, data=reply[32 : 32 + units * reply[1] // 8])


def property_change(event: bytes) -> tuple[int, int, int]:
    """Window, property and NEW_VALUE or DELETED of a PropertyNotify event."""
    window, name = struct.unpack_from("<II", event, 4)
    return int(window), int(name), event[16]


def change_property(window: int, name: int, kind: int, data: bytes, *, bits: int = 8) -> bytes:
    """Replace a property."""
    head = struct.pack("<IIIBxxxI", window, name, kind, bits, len(data) * 8 // bits)
    return request(CHANGE_PROPERTY, 0, head + data)


def listen(window: int) -> bytes:
    """Be told when another client's window changes a property: it takes piece after piece so."""
    return request(CHANGE_WINDOW_ATTRIBUTES, 0, struct.pack("<III", window, EVENT_MASK, PROPERTY_CHANGE))


def read_asked(event: bytes) -> Asked:
    """Read a SelectionRequest event."""
    time, _owner, requestor, selection, target, name = struct.unpack_from("<IIIIII", event, 4)
    # A client of before ICCCM names no property and means the target's own (section 2.2).
    return Asked(time=time, requestor=requestor, selection=selection, target=target, property=name or target)


def reply_to(asked: Asked, *, given: bool) -> bytes:
    """Tell the requestor that its property is filled, or that there is no such value."""
    name = asked.property if given else NONE
    event = struct.pack(
        "<BxHIIIII8x", SELECTION_NOTIFY, 0, asked.time, asked.requestor, asked.selection, asked.target, name
    )
    return request(SEND_EVENT, 0, struct.pack("<II", asked.requestor, 0) + event)
