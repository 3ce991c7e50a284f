"""Whatever a watcher sends, in whatever pieces: the desktop gets requests for pictures and nothing else."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.core.errors import NotAllowed
from vestibule.core.view_only import (
    EXTENDED_CLIPBOARD,
    MOST_ENCODINGS,
    MOST_MARK,
    SILENT_CLIPBOARD,
    VERSION,
    ViewOnly,
)

GREETING = VERSION + b"\x01" + b"\x01"


def _encodings(*numbers: int) -> bytes:
    return struct.pack(f">BxH{len(numbers)}i", 2, len(numbers), *numbers)


GREETED = GREETING + _encodings(EXTENDED_CLIPBOARD) + SILENT_CLIPBOARD
"""What a desktop gets of a greeting."""

u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
flag = st.integers(0, 255)

pixel_formats = st.binary(min_size=19, max_size=19).map(lambda rest: b"\x00" + rest)
requests = st.tuples(flag, u16, u16, u16, u16).map(lambda values: struct.pack(">BBHHHH", 3, *values))
continuous = st.binary(min_size=9, max_size=9).map(lambda rest: b"\x96" + rest)
fences = st.tuples(u32, st.binary(max_size=MOST_MARK)).map(
    lambda fence: struct.pack(">BxxxIB", 248, fence[0], len(fence[1])) + fence[1]
)
passed = st.one_of(pixel_formats, requests, continuous, fences)

keys = st.tuples(flag, u32).map(lambda key: struct.pack(">BBxxI", 4, *key))
pointers = st.tuples(flag, u16, u16).map(lambda pointer: struct.pack(">BBHH", 5, *pointer))
qemu_keys = st.binary(min_size=10, max_size=10).map(lambda rest: b"\xff\x00" + rest)
xvp = st.binary(min_size=3, max_size=3).map(lambda rest: b"\xfa" + rest)


def _cut(text: bytes, *, extended: bool) -> bytes:
    return struct.pack(">Bxxxi", 6, -len(text) if extended else len(text)) + text


cuts = st.builds(_cut, st.binary(max_size=300), extended=st.booleans())
sizes = st.lists(st.binary(min_size=16, max_size=16), max_size=3).map(
    lambda screens: struct.pack(">BxHHBx", 251, 800, 600, len(screens)) + b"".join(screens)
)
dropped = st.one_of(keys, pointers, qemu_keys, xvp, cuts, sizes)

streams = st.lists(st.one_of(passed.map(lambda m: (True, m)), dropped.map(lambda m: (False, m))), max_size=20)


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """``data`` cut at these places, whatever they are."""
    places = sorted({place % (len(data) + 1) for place in cuts})
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        yield data[start:end]


@given(streams, st.lists(st.integers(0, 10_000), max_size=12))
def test_what_asks_for_pictures_goes_on_unchanged_and_nothing_else_does(
    stream: list[tuple[bool, bytes]], cuts: list[int]
) -> None:
    gate = ViewOnly()
    sent = GREETING + b"".join(message for _, message in stream)
    got = b"".join(gate.feed(piece) for piece in _pieces(sent, cuts))
    assert got == GREETED + b"".join(message for goes_on, message in stream if goes_on)


@given(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=MOST_ENCODINGS))
def test_encodings_go_on_with_the_silent_clipboard_among_them(numbers: list[int]) -> None:
    gate = ViewOnly()
    gate.feed(GREETING)
    kept = [number for number in numbers if number != EXTENDED_CLIPBOARD]
    assert gate.feed(_encodings(*numbers)) == _encodings(*kept, EXTENDED_CLIPBOARD)


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000), max_size=8))
def test_of_any_bytes_at_all_only_whole_requests_for_pictures_go_on(noise: bytes, cuts: list[int]) -> None:
    gate, got = ViewOnly(), bytearray()
    with contextlib.suppress(NotAllowed):
        for piece in _pieces(GREETING + noise, cuts):
            got += gate.feed(piece)
    assert GREETED.startswith(bytes(got)) or _of_pictures_alone(bytes(got.removeprefix(GREETED)))


def _of_pictures_alone(data: bytes) -> bool:
    """Read as a desktop reads it, by another hand than the gate's."""
    while data:
        match data[0]:
            case 0:
                length = 20
            case 2:
                length = 4 + 4 * int.from_bytes(data[2:4])
            case 3 | 150:
                length = 10
            case 248:
                length = 9 + data[8]
            case _:
                return False
        if len(data) < length:
            return False
        data = data[length:]
    return True


def test_a_watcher_throws_nobody_out() -> None:
    gate = ViewOnly()
    exclusive = VERSION + b"\x01" + b"\x00"
    assert gate.feed(exclusive) == GREETED


@pytest.mark.parametrize(
    "greeting",
    [
        b"RFB 003.003\n",
        b"RFB 003.007\n",
        b"RFB 003.889\n",
        VERSION + b"\x02",
        VERSION + b"\x10",
        b"GET / HTTP/1.",
    ],
)
def test_a_greeting_that_would_shift_what_follows_ends_it(greeting: bytes) -> None:
    with pytest.raises(NotAllowed):
        ViewOnly().feed(greeting + b"\x01" * 8)


@pytest.mark.parametrize(
    "message",
    [
        b"\x63",
        b"\x01" + bytes(9),
        b"\xff\x01\x00\x00",
        struct.pack(">BxH", 2, MOST_ENCODINGS + 1),
        struct.pack(">BxxxIB", 248, 0, MOST_MARK + 1),
    ],
    ids=["unknown", "colour map", "QEMU audio", "encodings", "fence"],
)
def test_what_no_viewer_of_ours_sends_ends_it_and_takes_nothing_along(message: bytes) -> None:
    gate = ViewOnly()
    gate.feed(GREETING)
    with pytest.raises(NotAllowed) as refused:
        gate.feed(message)
    assert refused.value.failure_code == "watcher_refused"


def test_what_is_dropped_is_not_held() -> None:
    gate = ViewOnly()
    gate.feed(GREETING + struct.pack(">Bxxxi", 6, 2**31 - 1))
    for _ in range(100):
        assert gate.feed(bytes(60_000)) == b""
        assert len(gate._held) == 0
