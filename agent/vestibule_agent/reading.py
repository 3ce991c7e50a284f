"""What a tool's screen says besides addresses: refusals, the question for a code, other questions.  Pure."""

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


class QuestionReader:
    """Tells which still screens may be a question that nobody foresaw: each once.

    Before the sign-in address every still screen may be one.  After it a tool rightly waits: its first still
    screen then is how it waits, and only another one may be a question.
    """

    def __init__(self, code_prompt: str | None) -> None:
        self._code_prompt = code_prompt
        self._known: set[str] = set()
        self._waits = False

    def read(self, screen: str, *, address_known: bool) -> bool:
        """Whether this still screen is to be told."""
        words = _words(screen)
        if not words:
            return False
        first_wait = address_known and not self._waits
        self._waits = address_known
        if words in self._known:
            return False
        if address_known and asks(self._code_prompt, screen):
            return False  # that is told by itself
        self._known.add(words)
        return not first_wait


def _words(screen: str) -> str:
    """What two screens are compared by: another width moves the blanks, a countdown changes the digits."""
    return "".join(character for character in screen if not character.isspace() and not character.isdigit())


def _found(pattern: re.Pattern[str], screen: str) -> list[str]:
    group = 1 if pattern.groups else 0
    texts = (" ".join((match[group] or match[0]).split()) for match in pattern.finditer(screen))
    return [text[:MAX_ERROR_CHARACTERS] for text in texts if text]


def asks(pattern: str | None, screen: str) -> bool:
    """Whether the screen shows the question for a code."""
    return pattern is not None and re.search(pattern, screen) is not None
