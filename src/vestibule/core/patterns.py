"""Regular expressions of provider files: checked when they are read, because they run over a guest's words.

Python's matcher tries every way there is.  A repeat inside of a repeated group, ``(a+)+``, has a number of
ways that doubles with each letter: a screen, or a credential's file, could stop whoever matches it for good.
"""

from __future__ import annotations

import re
import warnings

_GROUP = re.compile(r"\((?:\?(?:[a-zA-Z-]*:|P<\w+>|=|!|<=|<!))?([^()]*)\)(\*|\+|\{\d+,\d*\})?")
_REPEAT = re.compile(r"(?<!\\)(?:\*|\+|\{\d+,\})")
_SEPARATED = re.compile(r"(?:\\[.\-_/:]|[ ,/:;=@_~-])\Z")
"""What ends a group's body with a letter of its own: each turn of the repeat has one place to end."""
_ANYTHING = re.compile(r"(?<!\\)\.(?:\*|\+|\{)")
"""A repeat that also takes the letter which should end it."""


def problem(text: str) -> str | None:
    """Why this is no pattern that may be used; None when it is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(text)
    except (re.error, OverflowError, RecursionError, FutureWarning, DeprecationWarning) as error:
        return f"is not a regular expression: {error}"
    if _explodes(text):
        return "repeats a group that holds a repeat: it could take for ever, so write it without"
    return None


def _explodes(text: str) -> bool:
    """Look at innermost groups first; each becomes a letter, or a repeat when it holds one."""
    rest = re.sub(r"\[(?:\\.|[^\]\\])+\]", "x", re.sub(r"\\[()]", "x", text))
    while (group := _GROUP.search(rest)) is not None:
        repeats = bool(_REPEAT.search(group[1]))
        if group[2] and repeats and (_ANYTHING.search(group[1]) or not _SEPARATED.search(group[1])):
            return True
        rest = rest[: group.start()] + ("x+" if repeats or group[2] else "x") + rest[group.end() :]
    return False
