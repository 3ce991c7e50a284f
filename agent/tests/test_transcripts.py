"""What the real tools printed, shown by a terminal in memory and read as a login reads it."""

from __future__ import annotations

import codecs
import dataclasses
import itertools
import tomllib
from pathlib import Path
from typing import Any

import pytest
from emulator import Emulator
from hypothesis import given, settings
from hypothesis import strategies as st

from transcripts import Transcript, all_transcripts
from vestibule_agent import urls
from vestibule_agent.prompts import Dialogue
from vestibule_agent.protocol import Prompt
from vestibule_agent.reading import ErrorReader, asks

PROVIDERS = Path(__file__).resolve().parents[2] / "providers"
TRANSCRIPTS = all_transcripts()
LOOKS = 6
"""How often the screen is read while a tool prints; in memory, a wide one is slow to read."""

CUTS = st.lists(st.floats(0, 1), max_size=LOOKS)
each = pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda found: found.name)


@dataclasses.dataclass
class Found:
    """What a login would have found."""

    url: str | None = None
    user_code: str | None = None
    code_asked: bool = False
    errors: list[str] = dataclasses.field(default_factory=list)


class Reader:
    """Reads chunks, and the screen after each, as ``vestibule_agent.login`` does."""

    def __init__(self, transcript: Transcript) -> None:
        raw = tomllib.loads((PROVIDERS / f"{transcript.tool}.toml").read_text())
        login = raw["login"]
        self.flow: dict[str, Any] = next(flow for flow in login["flows"] if flow["kind"] == transcript.flow)
        self._emulator = Emulator(transcript.columns, transcript.rows)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._hyperlinks, self._errors = urls.HyperlinkReader(), ErrorReader(login.get("errors", []))
        self._addresses = urls.ScreenReader()
        self._columns, self._screen = transcript.columns, ""
        self.found = Found()

    def feed(self, data: bytes) -> None:
        """The tool has printed this."""
        self._consider(self._hyperlinks.feed(data))
        self._emulator.feed(self._decoder.decode(data))

    def look(self) -> None:
        """The screen is read, when something has changed on it."""
        screen = self._emulator.text()
        if screen == self._screen:
            return
        self._screen = screen
        self._consider(self._addresses.read(screen, self._columns))
        pattern = self.flow.get("user_code_pattern")
        self.found.user_code = self.found.user_code or (
            urls.user_code_on(pattern, screen) if pattern else None
        )
        self.found.code_asked |= asks(self.flow.get("code_prompt"), screen)
        self.found.errors += self._errors.read(screen)

    def look_again(self) -> None:
        """The tool prints no more."""
        self._consider(self._addresses.read(self._screen, self._columns))

    def _consider(self, candidates: list[str]) -> None:
        self.found.url = self.found.url or urls.first_match(self.flow["url_pattern"], candidates)


def read(transcript: Transcript, cuts: list[float]) -> Found:
    data = transcript.output.encode()
    reader = Reader(transcript)
    ends = sorted({round(cut * len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(ends):
        reader.feed(data[start:end])
        reader.look()
    reader.look_again()
    return reader.found


@each
@settings(max_examples=10, deadline=None)
@given(cuts=CUTS)
def test_the_printed_address_is_found_whole(transcript: Transcript, cuts: list[float]) -> None:
    assert read(transcript, cuts).url == transcript.expect.get("url")


@each
def test_the_address_given_to_the_opener_is_the_sign_ins(transcript: Transcript) -> None:
    pattern = Reader(transcript).flow["url_pattern"]
    assert urls.first_match(pattern, transcript.opened) == transcript.expect.get("opened")


@each
def test_the_user_code_is_found(transcript: Transcript) -> None:
    assert read(transcript, []).user_code == transcript.expect.get("user_code")


@each
def test_the_question_for_a_code_is_noticed(transcript: Transcript) -> None:
    assert read(transcript, []).code_asked == ("code_asked" in transcript.expect)


@each
def test_a_refusal_of_the_tools_is_told_in_its_own_words(transcript: Transcript) -> None:
    errors = read(transcript, []).errors
    expected = transcript.expect.get("error")
    assert any(expected in error for error in errors) if expected else not errors


WITH_MENUS = [found for found in TRANSCRIPTS if Reader(found).flow.get("prompts")]


@pytest.mark.parametrize("transcript", WITH_MENUS, ids=lambda found: found.name)
def test_menus_are_answered_by_the_providers_file_as_a_person_answered_them(transcript: Transcript) -> None:
    dialogue = Dialogue([Prompt(**prompt) for prompt in Reader(transcript).flow["prompts"]])
    emulator = Emulator(transcript.columns, transcript.rows)
    pressed = []
    for moment in transcript.moments:
        if moment.kind == "o":
            emulator.feed(moment.text)
        elif moment.kind == "i":
            answer = dialogue.answer(emulator.text())
            pressed.append(answer and answer.keys)
    assert pressed == [("Enter",)] * len(Reader(transcript).flow["prompts"])
