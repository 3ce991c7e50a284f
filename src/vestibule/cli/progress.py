"""A build's steps as they happen: a bar on a terminal, a line per step elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from vestibule.core.renewal import Phase, StepNews


class Steps(Protocol):
    """Told when a step begins (``seconds`` is None) and when it has ended."""

    def __call__(self, step: str, index: int, total: int, seconds: float | None) -> None:
        """``index`` counts from 1 to ``total``."""
        ...


def _line(step: str, index: int, total: int, seconds: float | None) -> None:
    ended = "" if seconds is None else f" ({seconds:.0f} s)"
    sys.stderr.write(f"  [{index}/{total}] {step}{ended}\n")
    sys.stderr.flush()


class _Bar:
    """Moves a bar of Rich's."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def __call__(self, step: str, index: int, total: int, seconds: float | None) -> None:
        done = index - 1 if seconds is None else index
        self._progress.update(self._task, description=step, total=total, completed=done)


class NumberedNews:
    """Shows a renewal's news as steps; their number grows as they come."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._numbers: dict[str, int] = {}

    def __call__(self, news: StepNews) -> None:
        """See services.ports.Tell.  A canary's checks overlap: of those only the ends are shown."""
        if news.phase is Phase.CANARY and news.seconds is None:
            return
        number = self._numbers.setdefault(news.step, len(self._numbers) + 1)
        name = f"{news.step}: {news.trouble}" if news.trouble else news.step
        self._steps(name, number, len(self._numbers) + news.to_come, news.seconds)


@contextlib.contextmanager
def shown_steps() -> Iterator[Steps]:
    """Shows steps on stderr for as long as the context lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)
