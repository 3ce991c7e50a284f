"""However a tool prints its address, on a terminal of whatever width, the same address is found.

Synthetic prints go through a terminal in memory: wrapped by it, or by the tool itself, plain, with margins,
in a frame or as a hyperlink, among colours and cursor moves, in chunks of any size.
"""

from __future__ import annotations

import codecs
import itertools
import string

from emulator import Emulator
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule_agent import urls

PATTERN = r"https://login\.example/authorize\?"
QUERIES = st.text(string.ascii_letters + string.digits + "-_~%&=+/.", min_size=1, max_size=400)
ADDRESSES = QUERIES.map(lambda text: f"https://login.example/authorize?x={text}z")
COLUMNS = st.integers(20, 1200)
CUTS = st.lists(st.floats(0, 1), max_size=4)
COLOURS = st.sampled_from(["", "\x1b[1m", "\x1b[38;5;33m", "\x1b[4;94m", "\x1b[2m\x1b[36m", "\x1b[?25l"])
BEFORE = st.sampled_from(
    [
        "",
        "Open this page:\r\n\r\n",
        "\x1b]0;Signing in\x07Visit\r\n",
        "\x1b[2J\x1b[H\x1b[3;1H",
        "\x1b[1mWelcome\x1b[0m\r\n\x1b[2mto it\x1b[22m\r\n",
        "⠋ Starting…\r\x1b[2K",
        "line\r\n" * 60,
    ]
)
AFTER = st.sampled_from(
    [
        "",
        "\r\n",
        "\r\n\r\nPaste the code here: ",
        "\r\nWaiting for the sign-in…",
        "\r\n\x1b[?25l⠙ Waiting\r\x1b[2K⠹ Waiting",
    ]
)


def shown(stream: str, columns: int, cuts: list[float]) -> list[str]:
    """What is found while the stream arrives in chunks, each followed by a look, in the order it is found."""
    emulator, addresses, hyperlinks = Emulator(columns, 50), urls.ScreenReader(), urls.HyperlinkReader()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    data, found, screen = stream.encode(), list[str](), ""
    ends = sorted({round(cut * len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(ends):
        chunk = data[start:end]
        found += hyperlinks.feed(chunk)
        emulator.feed(decoder.decode(chunk))
        if emulator.text() != screen:
            screen = emulator.text()
            found += addresses.read(screen, columns)
    return found + addresses.read(screen, columns)


def first(stream: str, columns: int, cuts: list[float]) -> str | None:
    """The address that a login would take."""
    return urls.first_match(PATTERN, shown(stream, columns, cuts))


def broken(text: str, width: int) -> list[str]:
    """The text as a tool breaks it itself."""
    return [text[at : at + width] for at in range(0, len(text), width)]


@settings(max_examples=80, deadline=None)
@given(ADDRESSES, COLUMNS, st.tuples(BEFORE, COLOURS).map("".join), AFTER, CUTS)
def test_printed_in_one_line(url: str, columns: int, before: str, after: str, cuts: list[float]) -> None:
    assert first(f"{before}{url}\x1b[0m{after}", columns, cuts) == url


@settings(max_examples=80, deadline=None)
@given(ADDRESSES, COLUMNS, COLOURS, AFTER, CUTS)
def test_broken_by_the_tool_at_the_width(
    url: str, columns: int, colour: str, after: str, cuts: list[float]
) -> None:
    lines = f"\x1b[0m\r\n{colour}".join(broken(url, columns))
    assert first(f"Open this page:\r\n{colour}{lines}\x1b[0m{after}", columns, cuts) == url


@settings(max_examples=80, deadline=None)
@given(ADDRESSES, COLUMNS, st.tuples(st.integers(0, 4), st.integers(0, 4)), AFTER, CUTS)
def test_broken_by_the_tool_with_margins(
    url: str, columns: int, margins: tuple[int, int], after: str, cuts: list[float]
) -> None:
    space = " " * margins[0]
    lines = "\r\n".join(f"{space}{piece}" for piece in broken(url, columns - sum(margins)))
    assert first(f"Open this page:\r\n{lines}{after}", columns, cuts) == url


@settings(max_examples=80, deadline=None)
@given(ADDRESSES, COLUMNS, st.tuples(st.sampled_from("│┃|║"), st.integers(0, 2)), AFTER, CUTS)
def test_broken_inside_a_frame(
    url: str, columns: int, style: tuple[str, int], after: str, cuts: list[float]
) -> None:
    bar, padding = style
    width = columns - 2 - 2 * padding
    space = " " * padding
    rows = [f"{bar}{space}{piece:<{width}}{space}{bar}" for piece in ["", *broken(url, width), ""]]
    framed = "\r\n".join([f"╭{'─' * (columns - 2)}╮", *rows, f"╰{'─' * (columns - 2)}╯"])
    assert first(framed + after, columns, cuts) == url


@settings(max_examples=60, deadline=None)
@given(ADDRESSES, COLUMNS, AFTER, CUTS, st.sampled_from(["\x07", "\x1b\\"]))
def test_behind_a_hyperlink(url: str, columns: int, after: str, cuts: list[float], end: str) -> None:
    link = f"Visit \x1b]8;id=1;{url}{end}Sign in\x1b]8;;{end}"
    assert first(f"{link}{after}", columns, cuts) == url


@settings(max_examples=60, deadline=None)
@given(ADDRESSES, st.integers(20, 1200), st.integers(2, 8), st.data())
def test_drawn_with_cursor_moves(url: str, columns: int, row: int, data: st.DataObject) -> None:
    """A tool that draws its screen puts each line in its place, in whatever order."""
    lines = list(enumerate(broken(url, columns)))
    drawn = data.draw(st.permutations(lines))
    moves = "".join(f"\x1b[{row + number};1H\x1b[K{piece}" for number, piece in drawn)
    assert first(f"\x1b[2J{moves}\x1b[{row + len(lines) + 1};1HWaiting", columns, []) == url


@given(ADDRESSES, st.integers(0, 60))
def test_an_address_that_is_still_being_printed_is_not_taken(url: str, missing: int) -> None:
    reader = urls.ScreenReader()
    part = url[: len(url) - missing]
    assert reader.read(f"Open: {part}", 10_000) == []
    assert reader.read(f"Open: {url}\nWaiting", 10_000) == [url]


def test_an_address_that_goes_on_behind_punctuation_is_not_taken_before() -> None:
    reader = urls.ScreenReader()
    assert reader.read("Open: https://login.example/authorize", 10_000) == []
    assert reader.read("Open: https://login.example/authorize?", 10_000) == []
    assert reader.read("Open: https://login.example/authorize?x=1", 10_000) == []
    assert reader.read("Open: https://login.example/authorize?x=1", 10_000) == [
        "https://login.example/authorize?x=1"
    ]
