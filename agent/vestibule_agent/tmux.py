"""tmux's control mode, the pure part: quoting commands, reading notifications (tmux(1), CONTROL MODE)."""

from __future__ import annotations

import dataclasses
import re

_PLAIN = re.compile(r"[^A-Za-z0-9_./:=@%+,\- \x80-\U0010ffff]")
_ESCAPED = re.compile(rb"\\([0-7]{3})")


def quote(word: str) -> str:
    """One argument of a tmux command: double quotes, everything special as an octal escape."""
    return '"' + _PLAIN.sub(lambda found: f"\\{ord(found[0]):03o}", word) + '"'


def command(*words: str) -> str:
    """A whole command line from its words."""
    return words[0] + "".join(" " + quote(word) for word in words[1:])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Output:
    """Raw bytes that the pane's program wrote."""

    data: bytes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """What one command printed; ``ok`` is false after ``%error``."""

    ok: bool
    text: str


Notification = Output | Answer


class ControlReader:
    """Feeds on control mode's lines, one by one."""

    def __init__(self) -> None:
        self._block: list[str] | None = None

    def feed(self, line: bytes) -> Notification | None:
        """Read one line without its newline; None when it ends nothing."""
        if self._block is not None:
            return self._inside(line)
        head, _, rest = line.partition(b" ")
        if head == b"%begin":
            self._block = []
        if head == b"%output":
            return Output(data=_unescape(rest.partition(b" ")[2]))
        return None

    def _inside(self, line: bytes) -> Notification | None:
        assert self._block is not None  # noqa: S101 - the caller looked
        if not line.startswith((b"%end ", b"%error ")):
            self._block.append(line.decode(errors="replace"))
            return None
        text, self._block = "\n".join(self._block), None
        return Answer(ok=line.startswith(b"%end "), text=text)


def _unescape(data: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), data)
