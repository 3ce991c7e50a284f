"""Viewers: how many look at each desktop now, and how many may."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from vestibule.core.errors import Conflict
from vestibule.core.failures import FailureCode

K = TypeVar("K", bound=Hashable)


class Viewers(Generic[K]):
    """Of one kind; counted in memory, because connections do not outlive the controller."""

    def __init__(self, most: int) -> None:
        """``most`` of one desktop at a time."""
        self._most = most
        self._looking: Counter[K] = Counter()

    def count(self, desktop: K) -> int:
        """How many look at it now."""
        return self._looking[desktop]

    @contextlib.contextmanager
    def looking(self, desktop: K) -> Iterator[None]:
        """One more, until the context ends.  Raises Conflict ``too_many_viewers``."""
        if self._looking[desktop] >= self._most:
            raise Conflict(
                f"{self._most} pages show this desktop already.",
                remedy="Close one of them, or have max_viewers raised.",
                code=FailureCode.TOO_MANY_VIEWERS,
            )
        self._looking[desktop] += 1
        try:
            yield
        finally:
            self._looking[desktop] -= 1
            self._looking += Counter()  # forgets those that nobody looks at
