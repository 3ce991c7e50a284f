"""A key or the pointer is a sign of life, whatever it is wrapped in; a viewer by itself is none."""

from __future__ import annotations

import struct

import pytest

from vestibule.core.errors import NotAllowed
from vestibule.core.viewer_input import ViewerInput

GREETING = b"RFB 003.008\n" + b"\x01" + b"\x01"
FORMAT = b"\x00" + bytes(19)
ENCODINGS = struct.pack(">BxHiii", 2, 3, 4, 5, -239)
REQUEST = struct.pack(">BBHHHH", 3, 1, 0, 0, 1280, 800)
KEY = struct.pack(">BBxxI", 4, 1, 0xFF0D)
POINTER = struct.pack(">BBHH", 5, 1, 640, 400)
QEMU_KEY = b"\xff" + bytes(11)
CUT = struct.pack(">Bxxxi", 6, 5) + bytes([4, 5, 255, 4, 5])
EXTENDED_CUT = struct.pack(">Bxxxi", 6, -8) + bytes([5] * 8)
FENCE = struct.pack(">BxxxIB", 248, 1, 4) + bytes([5] * 4)
SIZE = struct.pack(">BxHHBx", 251, 5, 5, 1) + bytes([5] * 16)
CONTINUOUS = b"\x96" + bytes([5] * 9)
XVP = b"\xfa\x05\x05\x05"
ALONE = (FORMAT, ENCODINGS, REQUEST, CUT, EXTENDED_CUT, FENCE, SIZE, CONTINUOUS, XVP)


@pytest.mark.parametrize("message", [KEY, POINTER, QEMU_KEY])
@pytest.mark.parametrize("before", ALONE)
def test_input_is_found_behind_anything(before: bytes, message: bytes) -> None:
    viewer = ViewerInput()
    assert not viewer.feed(GREETING + before * 3)
    assert viewer.feed(message)
    assert not viewer.feed(before)
    assert viewer.feed(REQUEST + message + REQUEST)


@pytest.mark.parametrize("size", [(0, 0), (1, 0), (65535, 65535), (10000, 10000), (8192, 8192), (16384, 16)])
@pytest.mark.parametrize("cut", [0, 3, 7])
def test_a_size_that_ends_desktops_does_not_go_on(size: tuple[int, int], cut: int) -> None:
    asked = struct.pack(">BxHHBx", 251, *size, 1) + bytes(16)
    viewer = ViewerInput()
    assert not viewer.feed(GREETING + asked[:cut])
    with pytest.raises(NotAllowed, match=f"{size[0]} by {size[1]}"):
        viewer.feed(asked[cut:])


@pytest.mark.parametrize("size", [(1, 1), (7680, 4320), (390, 8192)])
def test_screens_that_people_have_go_on(size: tuple[int, int]) -> None:
    assert not ViewerInput().feed(GREETING + struct.pack(">BxHHBx", 251, *size, 1) + bytes(16))


def test_a_viewer_that_nobody_touches_is_no_sign_of_life() -> None:
    assert not ViewerInput().feed(GREETING + b"".join(ALONE) * 2)


def test_bytes_may_come_one_by_one() -> None:
    viewer = ViewerInput()
    found = [viewer.feed(bytes([byte])) for byte in GREETING + ENCODINGS + REQUEST + CUT + KEY + REQUEST]
    assert found.count(True) == 1


def test_what_follows_an_unknown_message_is_not_guessed_at() -> None:
    viewer = ViewerInput()
    assert not viewer.feed(GREETING + b"\x63" + KEY * 5)
    assert not viewer.feed(POINTER)
