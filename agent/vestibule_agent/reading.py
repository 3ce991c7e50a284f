"""What a tool's screen says besides addresses: its own refusals, and its question for a code.  Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MAX_ERROR_CHARACTERS = 500


class ErrorReader:
    """Tells each refusal when it appears, a second time when it appears a second time."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [re.compile(pattern) for pattern in patterns]
        self._shown: Counter[str] = Counter()

    def read(self, screen: str) -> list[str]:
        """The refusals that this screen shows and the one before did not, in the order of patterns."""
        shown = Counter(text for pattern in self._patterns for text in _found(pattern, screen))
        fresh = shown - self._shown
        self._shown = shown
        return list(fresh)


def _found(pattern: re.Pattern[str], screen: str) -> list[str]:
    group = 1 if pattern.groups else 0
    texts = (" ".join((match[group] or match[0]).split()) for match in pattern.finditer(screen))
    return [text[:MAX_ERROR_CHARACTERS] for text in texts if text]


def asks(pattern: str | None, screen: str) -> bool:
    """Whether the screen shows the question for a code."""
    return pattern is not None and re.search(pattern, screen) is not None
