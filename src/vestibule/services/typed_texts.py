"""What a person had typed into the tool, codes of a sign-in among it: no screen that is kept may show it."""

from __future__ import annotations

import re
from collections.abc import Mapping

SHORTEST = 4
"""Characters: what is shorter answers a question, and would be hidden everywhere."""
SHOWN_INSTEAD = "(pasted text)"


class TypedTexts:
    """Of one sign-in; in memory alone."""

    def __init__(self) -> None:
        self._patterns: list[re.Pattern[str]] = []

    def add(self, text: str) -> None:
        """Remember it.  A terminal wraps lines wherever they end, so blanks may be anywhere in it."""
        characters = "".join(text.split())
        if len(characters) >= SHORTEST:
            self._patterns.append(re.compile(r"\s*".join(map(re.escape, characters))))

    def hide(self, text: str) -> str:
        """``text`` without any of them."""
        for pattern in self._patterns:
            text = pattern.sub(SHOWN_INSTEAD, text)
        return text

    def hidden(self, fields: Mapping[str, object]) -> dict[str, object]:
        """The same of a row's fields, evidence included."""
        return {name: self._hidden(value) for name, value in fields.items()}

    def _hidden(self, value: object) -> object:
        if type(value) is str:  # a state, which is a str too, stays what it is
            return self.hide(value)
        if isinstance(value, Mapping):
            return self.hidden(value)
        return value
