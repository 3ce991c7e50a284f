"""Whether a tool names a version when it is asked for it."""

from __future__ import annotations

_AROUND = "v.,;:()[]\"'"
"""Characters that tools put around a version: ``v1.2.3``, ``1.2.3.`` at a sentence's end."""


def names(told: str, pinned: str) -> bool:
    """Whether one of the words that a tool printed is just this version, not a part of another one."""
    return pinned in {word.strip(_AROUND) for word in told.split()}
