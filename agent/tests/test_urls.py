from __future__ import annotations

import re
import string
import textwrap

from hypothesis import given
from hypothesis import strategies as st

from vestibule_agent import urls

URL_TEXT = st.text(string.ascii_letters + string.digits + "-_~%&=+/", min_size=1, max_size=600)
ADDRESSES = URL_TEXT.map(lambda text: f"https://login.example/authorize?x={text}z")
PATTERN = r"https://login\.example/authorize\?"
NOISE = st.sampled_from(["\x1b[31m", "\x1b[0m", "\x1b[2K", "\x1b]0;title\x07", "\x1b(B", "\x1b[1;5H"])


def urls_on(screen: str, columns: int) -> list[str]:
    return [sighting.url for sighting in urls.sightings_on(screen, columns)]


def found(screen: str, columns: int) -> str | None:
    return urls.first_match(PATTERN, urls_on(screen, columns))


@given(ADDRESSES, st.integers(40, 200))
def test_a_url_hard_wrapped_at_the_width_is_whole(url: str, columns: int) -> None:
    wrapped = "\n".join(textwrap.wrap(url, columns, break_on_hyphens=False))
    assert found(f"Visit this page:\n{wrapped}\n\nPaste the code here:", columns) == url


@given(ADDRESSES, st.integers(40, 200))
def test_a_url_wrapped_inside_a_frame_is_whole(url: str, columns: int) -> None:
    pieces = textwrap.wrap(url, columns - 4, break_on_hyphens=False)
    framed = "\n".join(f"│ {piece:<{columns - 4}} │" for piece in pieces)
    assert found(f"╭──╮\n{framed}\n│ {'':<{columns - 4}} │\n╰──╯", columns) == url


@given(ADDRESSES, st.integers(40, 120))
def test_the_next_sentence_is_not_taken_for_more(url: str, columns: int) -> None:
    wrapped = "\n".join(textwrap.wrap(url, columns, break_on_hyphens=False))
    assert found(f"{wrapped}\nPaste code here if prompted >", columns) == url


@given(ADDRESSES, st.lists(NOISE, min_size=1, max_size=5), st.data())
def test_colours_do_not_hide_a_url(url: str, noise: list[str], data: st.DataObject) -> None:
    for escape in noise:
        cut = data.draw(st.integers(0, len(url)))
        # Never inside another escape: a terminal would not understand that either.
        if "\x1b" not in url[:cut]:
            url = url[:cut] + escape + url[cut:]
    assert found(f"open {url}\n", 10_000) == urls.strip_escapes(url)


@given(
    ADDRESSES,
    st.binary(max_size=40),
    st.lists(st.integers(0, 700), max_size=8),
    st.sampled_from([b"\x07", b"\x1b\\"]),
)
def test_a_hyperlink_is_found_however_the_stream_is_cut(
    url: str, before: bytes, cuts: list[int], end: bytes
) -> None:
    plain = re.sub(rb"[\x07\x1b\x9c]", b".", before)
    stream = plain + b"\x1b]8;id=1;" + url.encode() + end + b"text\x1b]8;;" + end
    reader, seen, last = urls.HyperlinkReader(), [], 0
    for cut in [*sorted(cuts), len(stream)]:
        seen += reader.feed(stream[last:cut])
        last = max(last, cut)
    assert seen == [url]


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_parsers(data: bytes) -> None:
    urls.HyperlinkReader().feed(data)
    urls_on(data.decode("latin-1"), 80)


def test_a_sentence_ends_where_its_url_ends() -> None:
    assert urls_on("(see https://login.example/a).", 80) == ["https://login.example/a"]


def test_another_url_is_not_joined() -> None:
    line = "https://login.example/" + "a" * 18
    assert urls_on(f"{line}\nhttps://other.example/", 40) == [line, "https://other.example/"]


def test_the_user_code_is_the_first_group() -> None:
    assert urls.user_code_on(r"code:\s+(\w{4}-\w{4})", "\x1b[1mcode:\x1b[0m  ABCD-1234") == "ABCD-1234"
    assert urls.user_code_on(r"code: (\w+)", "nothing") is None
