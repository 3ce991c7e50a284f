"""A picture of a desktop: is anything on it, and the same as a PNG file."""

from __future__ import annotations

import collections
import dataclasses
import struct
import zlib

_SAMPLE_STEP = 97
"""Every 97th pixel is looked at: a prime, so that no column of a usual width is looked at alone."""
LEAST_COLOURS = 8
MOST_OF_ONE = 0.98


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """Pixels row by row, four bytes each: blue, green, red, unused."""

    width: int
    height: int
    pixels: bytes = dataclasses.field(repr=False)

    def png(self) -> bytes:
        """A PNG file (ISO/IEC 15948) of it: 8 bits a channel, no filter.

        Twelve lines, not an imaging library: this is the only thing that is ever done with a picture.
        """
        rgb = bytearray(self.width * self.height * 3)
        for channel in range(3):
            rgb[channel::3] = self.pixels[2 - channel :: 4]
        stride = self.width * 3
        rows = b"".join(b"\0" + rgb[start : start + stride] for start in range(0, len(rgb), stride))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)

    def emptiness(self) -> str | None:
        """Why nobody could work with this desktop, as the end of a sentence; None when it shows something."""
        counted = collections.Counter(
            self.pixels[start : start + 3] for start in range(0, len(self.pixels), 4 * _SAMPLE_STEP)
        )
        if len(counted) < LEAST_COLOURS:
            return f"it shows {len(counted)} colours"
        (colour, most), *_ = counted.most_common(1)
        share = most / counted.total()
        return f"{share:.0%} of it is #{colour[::-1].hex()}" if share > MOST_OF_ONE else None


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
