"""What a soak finds: how its sign-ins ended, and what is left of them on the host.

::

    stock before ─▶ sign-ins ─▶ stock after ─▶ left behind: what is there now and was not before
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Self

from vestibule.core.percentiles import Percentiles

MOST_GROWTH_MB = 32.0
"""Memory that a soak forgives: an allocator's; a sign-in that leaks shows more after a few hundred."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Stock:
    """What a controller has of the host at one moment, its broker and all else below it included."""

    processes: Mapping[tuple[int, int], str]
    """Pid and start time → name."""
    namespaces: frozenset[int]
    """Network namespaces besides the host's own, by inode: in use, held open or mounted."""
    files: frozenset[str]
    fds: Mapping[str, Mapping[str, int]]
    """Process → what its descriptors are → how many."""
    rss_mb: Mapping[str, float]
    """Process → its resident memory."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Figures:
    """A stock in numbers."""

    processes: int
    namespaces: int
    files: int
    fds: int
    rss_mb: float

    @classmethod
    def of(cls, stock: Stock) -> Self:
        """Count."""
        return cls(
            processes=len(stock.processes),
            namespaces=len(stock.namespaces),
            files=len(stock.files),
            fds=sum(sum(kinds.values()) for kinds in stock.fds.values()),
            rss_mb=round(sum(stock.rss_mb.values()), 1),
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Leaked:
    """How many of each were left behind."""

    processes: int
    namespaces: int
    files: int
    fds: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two stocks beside each other; ``names`` says what was left, one line each."""

    leaked: Leaked
    names: tuple[str, ...]
    rss_growth_mb: float

    @property
    def clean(self) -> bool:
        """Whether nothing was left, and memory is as it was."""
        return not self.names and self.rss_growth_mb <= MOST_GROWTH_MB


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ending:
    """How one sign-in of a soak ended; ``code`` and ``cause`` of one that was not completed."""

    ready_s: float | None = None
    completed_s: float | None = None
    code: str | None = None
    cause: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class SoakResult:
    """What ``vestibule soak -o json`` prints; times are in seconds from the request."""

    sessions: int
    completed: int
    failed: int
    leaked: Leaked
    rss_growth_mb: float
    failures: Mapping[str, int]
    causes: Mapping[str, str]
    """Code → the cause that was first told with it."""
    left_behind: tuple[str, ...]
    ready_s: Percentiles | None
    completed_s: Percentiles | None
    before: Figures
    after: Figures
    driver: str
    at_once: int
    seconds: float


def compare(before: Stock, after: Stock) -> Comparison:
    """What is there after and was not before; of descriptors, each process's surplus.

    Memory is that of the processes that were there before and are still.
    """
    processes = [f"process {pid} {name}" for (pid, start), name in after.processes.items()
                 if (pid, start) not in before.processes]  # fmt: skip
    namespaces = [f"network namespace {inode}" for inode in sorted(after.namespaces - before.namespaces)]
    files = [f"file {path}" for path in sorted(after.files - before.files)]
    fds = {name: _surplus(before.fds.get(name, {}), kinds) for name, kinds in after.fds.items()}
    described = [line for name, kinds in after.fds.items() if fds[name] > 0
                 for line in _described(name, before.fds.get(name, {}), kinds)]  # fmt: skip
    lasting = after.rss_mb.keys() & before.rss_mb.keys()
    return Comparison(
        leaked=Leaked(
            processes=len(processes), namespaces=len(namespaces), files=len(files), fds=sum(fds.values())
        ),
        names=(*processes, *namespaces, *files, *described),
        rss_growth_mb=round(sum(after.rss_mb[one] - before.rss_mb[one] for one in lasting), 1),
    )


def _surplus(before: Mapping[str, int], after: Mapping[str, int]) -> int:
    return max(0, sum(after.values()) - sum(before.values()))


def _described(name: str, before: Mapping[str, int], after: Mapping[str, int]) -> Sequence[str]:
    more = Counter(after) - Counter(before)
    return [f"descriptor of {name}: {kind}, {count} more" for kind, count in sorted(more.items())]


def count_failures(endings: Sequence[Ending]) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """Codes of what was not completed: how often each, and the first cause."""
    failed = [ending for ending in endings if ending.completed_s is None]
    causes: dict[str, str] = {}
    for ending in failed:
        causes.setdefault(ending.code or "unknown", ending.cause or "no cause was given")
    return dict(Counter(ending.code or "unknown" for ending in failed)), causes


def median_of(values: Sequence[float | None]) -> Percentiles | None:
    """Of the values that there are; None when there is none."""
    known = [value for value in values if value is not None]
    return Percentiles.of(known, digits=2) if known else None
