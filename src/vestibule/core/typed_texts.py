"""What a person had typed into the tool, codes of a sign-in among it: no screen that is kept may show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

SHORTEST = 4
"""Characters: what is shorter answers a question, and would be hidden everywhere."""
SHORTEST_COPY = 6
"""Of what is copied in the machine: "http" or "code" stands in what a diagnosis needs."""
MOST_TEXTS = 60
"""The last ones, of codes and of other texts: each is looked for in every event."""
MOST_LINES = 20
"""Of one text that are remembered by themselves: one long text cannot take every place."""
LONGEST = 16_384
"""Characters of a text that are looked for: more are never on one screen."""
SHORTEST_LINE = 8
"""Characters of a line that is remembered by itself: a shorter one may stand anywhere."""
SHOWN_INSTEAD = "(pasted text)"
SHOWN = frozenset({"screen", "title", "cause", "text", "unverified"})
"""Fields of a guest's event that repeat what was typed.  An address must stay what it is."""
_FRAME = frozenset("│┃|║▏▕")


class TypedTexts:
    """Of one sign-in; in memory alone.

    A code that a person gave the tool is forgotten for later codes only: whatever else passes, what a program
    in the machine copies among it, has places of its own.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        """``known``: ``texts`` of another, as they are; each counts as a code, and none is left out."""
        self._others: list[str] = []
        self._codes = list(dict.fromkeys(filter(None, known)))

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is remembered, what is forgotten first first; secret."""
        return (*self._others, *self._codes)

    def add(self, text: str) -> None:
        """Remember it.  A terminal wraps lines wherever they end, maybe in a frame: neither counts."""
        new = [characters for characters in _told(text) if characters not in self._codes]
        self._others = _newest(self._others, new)

    def add_code(self, text: str) -> None:
        """Remember it, as what the sign-in hangs on."""
        new = list(_told(text))
        self._codes = _newest(self._codes, new)
        self._others = [kept for kept in self._others if kept not in new]

    def hide(self, text: str) -> str:
        """``text`` without any of them; before it is cut, or a part of one could be left."""
        if not self.texts:
            return text
        places = [place for place, character in enumerate(text) if _counts(character)]
        bare = "".join(text[place] for place in places)
        shown, end = [], 0
        for first, last in _joined(sorted(self._found(bare))):
            shown += [text[end : places[first]], SHOWN_INSTEAD]
            end = places[last] + 1
        return "".join([*shown, text[end:]])

    def _found(self, bare: str) -> Iterator[tuple[int, int]]:
        """First and last place of each of them, in time that grows with the length of ``bare`` alone."""
        for characters in self.texts:
            first = bare.find(characters)
            while first >= 0:
                yield first, first + len(characters) - 1
                first = bare.find(characters, first + len(characters))

    def hidden(self, data: Any) -> Any:  # noqa: ANN401 (what a guest sent, not yet looked at)
        """The same of an event's data."""
        if not isinstance(data, dict):
            return data
        return {name: self._hidden(name, value) for name, value in data.items()}

    def _hidden(self, name: str, value: object) -> object:
        return self.hide(value) if name in SHOWN and isinstance(value, str) else value


def _told(text: str) -> Iterator[str]:
    """Its lines, of which a screen may show some alone, and after them the whole."""
    lines = text.splitlines()
    if len(lines) > 1:
        bare = ("".join(filter(_counts, line[: 4 * LONGEST])) for line in lines)
        long = (line[:LONGEST] for line in bare if len(line) >= SHORTEST_LINE)
        yield from islice(long, MOST_LINES)
    whole = "".join(filter(_counts, text[: 4 * LONGEST]))
    if len(whole) >= SHORTEST:
        yield whole[:LONGEST]


def _newest(known: list[str], new: list[str]) -> list[str]:
    """Both, each once, where it came last; as many as are remembered."""
    return [*(text for text in known if text not in new), *dict.fromkeys(new)][-MOST_TEXTS:]


def _counts(character: str) -> bool:
    return not character.isspace() and character not in _FRAME


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted spans, those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
