"""What a person who watches goldens being made asks of the host."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from vestibule.core.goldens import GoldenPlan
from vestibule.core.ids import GoldenId


class Plans(Protocol):
    """What a renewal would make."""

    def plan(self, since: GoldenId | None = None) -> GoldenPlan:
        """What is there, what would be made, and what has changed ``since`` (unset: the newest other golden).

        Raises Absent when there is no golden ``since``.
        """
        ...


class BuildLogs(Protocol):
    """What the programs of builds wrote, by product."""

    def latest(self) -> str | None:
        """The product whose log was written to last, whoever makes it; None when nothing was ever made."""
        ...

    def require(self, product: str) -> None:
        """Raise Absent when there is no log of it."""
        ...

    def tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        """The last lines of the newest of these products' logs; empty when they have none."""
        ...

    def followed(
        self, products: Callable[[], Collection[str]], show: Callable[[str], None]
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Show each line of these products' logs as it is written, while the context lasts."""
        ...
