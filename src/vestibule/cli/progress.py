"""A renewal's steps as they happen: a bar on a terminal, a line per step elsewhere; on stderr in both cases.

Every step says how long it took the last time, and how long all will go on; what was never done on this
host has no such guess.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from vestibule.cli.output import printable
from vestibule.core.renewal import Phase, StepNews

_MINUTES_FROM_S = 90.0
_AHEAD = "    "
"""Before each line of a log, to tell it from a step's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownStep:
    """A step that begins (``seconds`` is None) or has ended; ``index`` counts from 1 to ``total``."""

    name: str
    index: int
    total: int
    seconds: float | None = None
    estimate_s: float | None = None
    left_s: float | None = None
    """How long all will go on from here."""


class Steps(Protocol):
    """Shows what happens."""

    def show(self, step: ShownStep) -> None:
        """A step begins or has ended."""
        ...

    def log(self, line: str) -> None:
        """A line of the log of what is being made."""
        ...


def about(seconds: float) -> str:
    """A guess, as coarse as it is: "about 40 s", "about 3 min"."""
    if seconds >= _MINUTES_FROM_S:
        return f"about {seconds / 60:.0f} min"
    return f"about {max(1.0, seconds):.0f} s"


class Lines:
    """A line per beginning and end."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show(self, step: ShownStep) -> None:
        """See Steps."""
        head = f"  [{step.index}/{step.total}] {step.name}"
        self._write(f"{head}{_guess(step) if step.seconds is None else f' ({step.seconds:.0f} s)'}\n")

    def log(self, line: str) -> None:
        """See Steps."""
        self._write(f"{f'{_AHEAD}{printable(line)}'.rstrip()}\n")


def _guess(step: ShownStep) -> str:
    alone = "" if step.estimate_s is None else f", {about(step.estimate_s)}"
    return alone if step.left_s is None else f"{alone}; {about(step.left_s)} in all to go"


class Bar:
    """Moves a bar of Rich's."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, ends=None)

    def show(self, step: ShownStep) -> None:
        """See Steps."""
        begins = step.seconds is None
        guess = f", {about(step.estimate_s)}" if begins and step.estimate_s is not None else ""
        self._progress.update(
            self._task,
            description=escape(f"{step.name}{guess}"),
            total=step.total,
            completed=step.index - 1 if begins else step.index,
        )
        if step.left_s is not None:
            self._progress.update(self._task, ends=time.monotonic() + step.left_s)

    def log(self, line: str) -> None:
        """See Steps."""
        self._progress.console.print(Text(f"{_AHEAD}{printable(line)}", style="dim"))


class _ToGo(ProgressColumn):
    """Counts down to the end of the whole, as far as one can be guessed."""

    def render(self, task: Task) -> Text:
        """See Rich."""
        ends = task.fields["ends"]
        if ends is None:
            return Text("")
        left_s = ends - time.monotonic()
        return Text(f"{about(left_s)} to go" if left_s > 0 else "any moment now")


class NumberedNews:
    """Shows a renewal's news as steps; their number grows as the phases come."""

    def __init__(self, steps: Steps) -> None:
        self.products: tuple[str, ...] = ()
        """What is being made now."""
        self._steps = steps
        self._begun = 0
        self._ended = 0
        self._canaries: set[str] = set()

    def __call__(self, news: StepNews) -> None:
        """See services.ports.Tell.  A canary's checks overlap: its first begin is shown, then every end."""
        self.products = news.products or self.products
        if news.seconds is not None:
            self._ended += 1
            self._show(news, self._ended)
        elif self._begin(news):
            self._show(news, self._ended + 1)

    def _begin(self, news: StepNews) -> bool:
        """Whether it is shown."""
        if news.phase is not Phase.CANARY:
            self._ended = self._begun  # those before it are over; a wait for another build tells no end
        self._begun += 1
        canary = news.step.partition(":")[0]
        shown = news.phase is not Phase.CANARY or canary not in self._canaries
        self._canaries.add(canary)
        return shown

    def _show(self, news: StepNews, index: int) -> None:
        self._steps.show(
            ShownStep(
                name=f"{news.step}: {news.trouble}" if news.trouble else news.step,
                index=index,
                total=self._begun + news.to_come,
                seconds=news.seconds,
                estimate_s=news.estimate_s,
                left_s=news.left_s if news.seconds is None else None,
            )
        )


def columns() -> Sequence[ProgressColumn]:
    """Of the bar on a terminal."""
    return (
        SpinnerColumn(),
        TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _ToGo(table_column=Column(no_wrap=True)),
    )


@contextlib.contextmanager
def shown_steps() -> Iterator[Steps]:
    """Shows steps on stderr for as long as the context lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(_to_stderr)
        return
    with Progress(*columns(), console=console, transient=True, expand=True) as progress:
        yield Bar(progress)


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
