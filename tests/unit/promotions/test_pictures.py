"""Pictures: a PNG holds the very pixels, and an empty desktop is told from one that shows something."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

import pytest

from vestibule.core.pictures import Picture

MAGIC = b"\x89PNG\r\n\x1a\n"


def noise(width: int, height: int) -> Picture:
    return Picture(width=width, height=height, pixels=random.Random(1).randbytes(width * height * 4))  # noqa: S311


def flat(colours: int, width: int = 640, height: int = 400, share: float = 0.5) -> Picture:
    """Mostly black, the rest in ``colours`` - 1 others."""
    black = round(width * height * share)
    others = (bytes([0, 0, 1 + n % max(1, colours - 1), 0]) for n in range(width * height - black))
    return Picture(width=width, height=height, pixels=bytes(4) * black + b"".join(others))


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of every chunk, its checksum compared."""
    assert png.startswith(MAGIC)
    position = len(MAGIC)
    while position < len(png):
        (length,) = struct.unpack_from(">I", png, position)
        name, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack_from(">I", png, position + 8 + length)
        assert checksum == zlib.crc32(name + data)
        yield name, data
        position += 12 + length


def decoded(png: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the pixels, red green blue each, of a PNG of 8 bits a channel without filters."""
    found = dict(chunks(png))
    assert list(found) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *form = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert form == [8, 2, 0, 0, 0]
    raw, stride = zlib.decompress(found[b"IDAT"]), 1 + width * 3
    assert len(raw) == stride * height
    rows = [raw[start : start + stride] for start in range(0, len(raw), stride)]
    assert {row[0] for row in rows} == {0}
    return width, height, [row[start : start + 3] for row in rows for start in range(1, stride, 3)]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (3, 7), (64, 48)])
def test_a_png_decodes_to_the_same_pixels(width: int, height: int) -> None:
    picture = noise(width, height)
    pixels = picture.pixels
    expected = [bytes([pixels[n + 2], pixels[n + 1], pixels[n]]) for n in range(0, len(pixels), 4)]
    assert decoded(picture.png()) == (width, height, expected)


def test_a_painted_desktop_is_not_empty() -> None:
    assert noise(640, 400).emptiness() is None
    assert flat(colours=9).emptiness() is None


@pytest.mark.parametrize("colours", [1, 2, 7])
def test_a_desktop_of_few_colours_is_empty(colours: int) -> None:
    assert flat(colours, share=0.5 if colours > 1 else 1.0).emptiness() == f"it shows {colours} colours"


def test_a_desktop_that_is_nearly_all_of_one_colour_is_empty() -> None:
    assert flat(colours=30, share=0.985).emptiness() in {"98% of it is #000000", "99% of it is #000000"}


def test_the_colour_is_named_as_people_write_it() -> None:
    blue_green_red = bytes([0x10, 0x20, 0x30, 0])
    pixels = blue_green_red * 256_000 + noise(100, 30).pixels
    empty = Picture(width=640, height=len(pixels) // 2560, pixels=pixels).emptiness()
    assert empty is not None
    assert empty.endswith("is #302010")


def test_the_unused_byte_makes_no_colour() -> None:
    pixels = b"".join(bytes([0, 0, 0, n % 256]) for n in range(64_000))
    assert Picture(width=320, height=200, pixels=pixels).emptiness() == "it shows 1 colours"


def test_a_desktop_without_pixels_is_empty() -> None:
    assert Picture(width=0, height=0, pixels=b"").emptiness() == "it shows 0 colours"
