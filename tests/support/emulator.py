"""A terminal in memory: pyte, and the answers that a real one gives to a tool's questions.

pyte ends on a few control sequences that tools of today send; those are taken out before it sees them, as a
terminal that does not know them would ignore them.
"""

from __future__ import annotations

import re

import pyte

_UNKNOWN = re.compile(
    r"\x1b\[[<=>][0-?]*[ -/]*[@-~]"  # kitty keyboard, modifyOtherKeys, version query: private to others
    r"|\x1b\[\?[0-9;]*[ -/]*[$unp]"  # is this mode known; kitty keyboard
    r"|\x1b[PX^_].*?\x1b\\",  # device control and other strings
    re.DOTALL,
)
_PARTIAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[PX^_](?:(?!\x1b\\).)*)?\Z", re.DOTALL)
_QUESTIONS = re.compile(r"\x1b\[(?P<what>6n|5n|c|0c|>c|>0c|>q|>0q|\?u)")


class _Screen(pyte.HistoryScreen):
    """Knows which rows the terminal itself wrapped, as tmux does: pyte keeps no such mark."""

    def __init__(self, columns: int, lines: int) -> None:
        self._drawing = False
        super().__init__(columns, lines, history=10_000)

    def draw(self, data: str) -> None:
        self._drawing = True
        super().draw(data)
        self._drawing = False

    def linefeed(self) -> None:
        # Set on the row itself: rows move up as the screen scrolls.
        self.buffer[self.cursor.y].wrapped = self._drawing  # type: ignore[attr-defined]
        super().linefeed()


class Emulator:
    """Feed it what a tool prints, in chunks of any size; ``answers`` collects what the terminal says back."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = _Screen(columns, rows)
        self._stream = pyte.Stream(self.screen)
        self._rest = ""
        self.answers: list[str] = []

    def feed(self, text: str) -> None:
        """Show more output."""
        text = self._rest + text
        partial = _PARTIAL.search(text)
        self._rest = partial[0] if partial else ""
        whole = text[: len(text) - len(self._rest)]
        end = 0
        for question in _QUESTIONS.finditer(whole):
            self._show(whole[end : question.end()])
            end = question.end()
            self.answers += self._answer(question["what"])
        self._show(whole[end:])

    def text(self) -> str:
        """The screen's text with what scrolled off above it, lines that the terminal wrapped joined."""
        rows = [*self.screen.history.top, *(self.screen.buffer[y] for y in range(self.screen.lines))]
        text = ""
        for row in rows:
            line = "".join(row[x].data for x in range(self.screen.columns))
            text += line if getattr(row, "wrapped", False) else line.rstrip() + "\n"
        return text.strip("\n")

    def _show(self, text: str) -> None:
        self._stream.feed(_UNKNOWN.sub("", text))

    def _answer(self, question: str) -> list[str]:
        cursor = self.screen.cursor
        answers = {
            "6n": f"\x1b[{cursor.y + 1};{cursor.x + 1}R",
            "5n": "\x1b[0n",
            "c": "\x1b[?1;2c",
            "0c": "\x1b[?1;2c",
            ">c": "\x1b[>84;0;0c",
            ">0c": "\x1b[>84;0;0c",
            ">q": "\x1bP>|tmux 3.5a\x1b\\",
            ">0q": "\x1bP>|tmux 3.5a\x1b\\",
        }
        return [answers[question]] if question in answers else []
