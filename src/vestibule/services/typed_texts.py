"""What a person had typed into the tool, codes of a sign-in among it: no screen that is kept may show it."""

from __future__ import annotations

import re
from typing import Any

SHORTEST = 4
"""Characters: what is shorter answers a question, and would be hidden everywhere."""
SHOWN_INSTEAD = "(pasted text)"
SHOWN = frozenset({"screen", "title", "cause", "text", "unverified"})
"""Fields of a guest's event that repeat what was typed.  An address must stay what it is."""


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
        """``text`` without any of them; before it is cut, or a part of one could be left."""
        for pattern in self._patterns:
            text = pattern.sub(SHOWN_INSTEAD, text)
        return text

    def hidden(self, data: Any) -> Any:  # noqa: ANN401 (what a guest sent, not yet looked at)
        """The same of an event's data."""
        if not isinstance(data, dict):
            return data
        return {name: self._hidden(name, value) for name, value in data.items()}

    def _hidden(self, name: str, value: object) -> object:
        return self.hide(value) if name in SHOWN and isinstance(value, str) else value
