"""Finds the sign-in URL and the user code in what a tool prints.  Pure: bytes and text in, findings out.

Two sources.  The raw stream holds OSC 8 hyperlinks whole, however the visible text is wrapped.  The screen
holds text: lines that the *terminal* wrapped come joined (``capture-pane -J``); lines that the *tool* wrapped
itself at the terminal's width are joined here, when the pattern asks for more than one line held.
What stands at the screen's end may still be growing, and is taken when it does not.
"""

from __future__ import annotations

import dataclasses
import re

MAX_HYPERLINK_BYTES = 16_384
MARGIN = 4
"""So many columns on the right may be left free by a tool that wraps by itself."""
_START = b"\x1b]8;"
_LINK = re.compile(rb"\x1b\]8;[^;\x07\x1b]*;([^\x07\x1b\x9c]*)(?:\x07|\x1b\\|\x9c)")
_URL_CHARACTERS = r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]"
_URL = re.compile(rf"https?://{_URL_CHARACTERS}+")
_WHOLE_LINE = re.compile(rf"{_URL_CHARACTERS}+\Z")
_FRAME = "│┃|║▏▕ \t"
_TRAILING = ".,;:!?'\")]"
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system commands
    r"|\x1b[PX^_].*?\x1b\\"  # device control and other strings
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|\x1b[ -/]*[0-~]",  # everything else
    re.DOTALL,
)


def strip_escapes(text: str) -> str:
    """The text without terminal control sequences."""
    return _ESCAPES.sub("", text).replace("\r", "")


class HyperlinkReader:
    """Collects OSC 8 targets from a stream that arrives in chunks of any size."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The non-empty targets that this chunk completed, in order."""
        data = self._rest + data
        found, end = [], 0
        for match in _LINK.finditer(data):
            end = match.end()
            if match[1]:
                found.append(match[1].decode(errors="replace"))
        self._rest = _unfinished(data[end:])
        return found


def _unfinished(data: bytes) -> bytes:
    start = data.rfind(_START)
    if start < 0:
        start = next((len(data) - n for n in range(len(_START) - 1, 0, -1) if data.endswith(_START[:n])), -1)
    return data[start:] if start >= 0 and len(data) - start <= MAX_HYPERLINK_BYTES else b""


def first_match(pattern: str, candidates: list[str]) -> str | None:
    """The first candidate that the provider's pattern accepts from its start."""
    return next((url for url in candidates if re.match(pattern, url)), None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sighting:
    """A URL on a screen."""

    url: str
    printed: str
    """With the punctuation at its end, which may be a part of it when more comes."""
    ends_screen: bool
    """Nothing is below or after it: the tool may not have printed all of it yet."""


class ScreenReader:
    """Reads one screen after another; a URL at the end of one counts when the next still ends with it."""

    def __init__(self) -> None:
        self.held: str | None = None
        """What is waited for: another look is worth while, even if nothing more is printed."""

    def read(self, screen: str, columns: int) -> list[str]:
        """The URLs that are printed to their end, in order."""
        seen = sightings_on(screen, columns)
        whole = [found.url for found in seen if not found.ends_screen or found.printed == self.held]
        last = next((found.printed for found in seen if found.ends_screen), None)
        self.held = None if last == self.held else last
        return whole


def sightings_on(screen: str, columns: int) -> list[Sighting]:
    """The URLs on a screen of this width, in order; hard-wrapped ones are whole."""
    lines = [line.rstrip() for line in strip_escapes(screen).rstrip().split("\n")]
    return [
        _whole(lines, row, match, columns) for row, line in enumerate(lines) for match in _URL.finditer(line)
    ]


def _whole(lines: list[str], row: int, match: re.Match[str], columns: int) -> Sighting:
    url, line = match[0], lines[row]
    frame = line[match.end() :]
    # A line that the tool broke is full: up to the frame and padding on its right, nothing but URL.
    full = not frame.strip(_FRAME) and len(line) >= columns - MARGIN
    edge, end = match.end(), match.end()
    while full and row + 1 < len(lines):
        piece = lines[row + 1].strip(_FRAME)
        if not _WHOLE_LINE.match(piece) or piece.startswith(("http://", "https://")):
            break
        row += 1
        url += piece
        end = len(lines[row].rstrip(_FRAME))
        full = end >= edge
    at_end = row + 1 == len(lines) and (full or end == len(lines[row]))
    return Sighting(url=url.rstrip(_TRAILING), printed=url, ends_screen=at_end)


def user_code_on(pattern: str, screen: str) -> str | None:
    """The first group of the provider's user code pattern, on the screen's text."""
    match = re.search(pattern, strip_escapes(screen))
    return match[1] if match else None
