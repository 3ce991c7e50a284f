"""A machine's console: what its programs wrote, and between that the lines of its agent and its desktop."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

AGENT_IS_WARM = "vestibule-agent: warm "
"""What the agent prints when it sees the desktop and awaits its identity; JSON follows."""
KEPT_LINES = 40
"""Of the agent's and the other ones each."""
_OURS = re.compile(r"\bvestibule-(?:agent|desktop): ")
_ENDED = re.compile(
    r"\bvestibule-desktop: (?P<name>[\w-]{1,20}) ended: (?P<how>.{1,200}?); restart (?P<count>\d{1,6}) "
)
_COLOURS = re.compile(r"\x1b\[[\d;]{0,20}[A-Za-z]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ends:
    """How often a service of the desktop has ended though nobody wanted it, and how the last time."""

    count: int
    how: str
    """"exit code -9", or why it could not be started."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Console:
    """The end of both, and what is read out of them."""

    others: str = ""
    agent_log: str = ""
    ends: Mapping[str, Ends] = dataclasses.field(default_factory=dict)
    """Service of the desktop → its ends; one that runs on since its start is not in it."""


def read(text: str) -> Console:
    """Tell the lines apart; colours and carriage returns are left out."""
    lines = _COLOURS.sub("", text).replace("\r", "").splitlines()
    ours = [line for line in lines if _OURS.search(line)]
    others = [line for line in lines if not _OURS.search(line)]
    return Console(
        others="\n".join(others[-KEPT_LINES:]),
        agent_log="\n".join(ours[-KEPT_LINES:]),
        ends={
            found["name"]: Ends(count=int(found["count"]), how=found["how"])
            for line in ours
            if (found := _ENDED.search(line))
        },
    )
