"""Answers what a tool asks before its sign-in (theme, login method), as its provider declares.  Pure.

The screen of a real terminal goes in, keys come out.  Nothing is timed: each answer waits for its question
to be on the screen, and a menu is walked one key at a time, looking where its pointer is after each::

    screen ─▶ the first question on it that was not answered yet
                ├─ text, press ─▶ all keys at once; answered
                └─ choose ──────▶ pointer on the line? Enter; answered
                                  else one step towards it, and look again when the screen has changed
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from vestibule_agent.protocol import Prompt

MOST_STEPS = 40
"""Through one menu; then the person is left to answer it."""
_FRAME = "│┃|║▏▕"
_POINTER = re.compile(rf"^[\s{_FRAME}]*(?:[❯›▶►▸➤→●◉◆]|>(?!>)|\*(?=\s)|\((?:\*|•|●)\)|\[(?:x|X|✓|✔)\])")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What to do for a question; a ``text`` is typed literally and ended with Enter."""

    when: str
    keys: tuple[str, ...] = ()
    text: str | None = None
    done: bool = True
    """Whether the question is answered with this; else its menu is still being walked."""


class Dialogue:
    """The questions of one login that have not been answered yet."""

    def __init__(self, prompts: Sequence[Prompt]) -> None:
        for prompt in prompts:
            _check(prompt)
        self._open = list(prompts)
        self._steps = 0
        self._left: str | None = None
        """The line that the pointer was last told to leave: until it has, no other key is sent."""

    def answer(self, screen: str) -> Answer | None:
        """What to do about this screen; None when nothing is asked, or a key has still to take effect."""
        prompt = next((prompt for prompt in self._open if re.search(prompt.when, screen)), None)
        if prompt is None:
            return None
        found = self._answer(prompt, screen)
        if found is not None and found.done:
            self._open.remove(prompt)
            self._steps, self._left = 0, None
        return found

    def nudge(self) -> None:
        """The tool has been still for long: a key may have come before it listened, and is sent again."""
        self._left = None

    def _answer(self, prompt: Prompt, screen: str) -> Answer | None:
        if prompt.text is not None:
            return Answer(when=prompt.when, text=prompt.text)
        if prompt.choose is None:
            return Answer(when=prompt.when, keys=tuple(prompt.press))
        move = next_move(prompt.choose, screen)
        if move is None or self._steps >= MOST_STEPS or move.pointer == self._left:
            return None
        self._steps += 1
        self._left = move.pointer
        return Answer(when=prompt.when, keys=(move.key,), done=move.key == "Enter")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Move:
    """A key that brings a menu's pointer nearer to the wanted line; Enter when it is there."""

    key: str
    pointer: str
    """The line that the pointer is on."""


def next_move(choose: str, screen: str) -> Move | None:
    """How to get to the last line that matches; None when there is none, or no pointer."""
    lines = screen.split("\n")
    wanted = [number for number, line in enumerate(lines) if re.search(choose, line)]
    pointers = [number for number, line in enumerate(lines) if _POINTER.match(line)]
    if not wanted or not pointers:
        return None
    at = pointers[-1]
    key = "Enter" if at in wanted else "Down" if wanted[-1] > at else "Up"
    return Move(key=key, pointer=lines[at])


def _check(prompt: Prompt) -> None:
    """Raises ValueError (re.error included) for a question without exactly one answer."""
    if (prompt.choose is not None) + (prompt.text is not None) + bool(prompt.press) != 1:
        raise ValueError(f"the prompt {prompt.when!r} needs exactly one of choose, text and press")
    re.compile(prompt.when)
    re.compile(prompt.choose or "")
