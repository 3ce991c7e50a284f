"""Collects goldens that nothing uses: the oldest first, with what only they were made of.

Never touched: what the caller keeps (promoted, the one before, wanted), what a process holds (a machine
runs from it, a controller serves it, a build is at it), and the newest few within the quota.  Memory that no
machine of this host can go on from any more goes whatever its golden does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from pathlib import Path

from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.memories import KINDS, Fits, Memory, memories

REPORTS_KEPT = 20
"""Canary reports of goldens that are gone; rejected ones are read days later."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Collected:
    """One product that went, or would go."""

    kind: str
    """"snapshots", "desktops", "goldens" or "layers"."""
    name: str
    size: int
    """Bytes on the disk that nothing else shares."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Retention:
    """What is to stay."""

    goldens: Callable[[], Collection[GoldenId]]
    """Asked again right before a golden goes: somebody may have promoted it meanwhile."""
    layers: Collection[str]
    """Of a golden that is not finished yet."""
    newest: int
    quota_bytes: int
    fits: Fits
    go_on: Callable[[], None]
    """Called at every folder and before every removal; what it raises ends the look."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Going:
    """Products that go together or not at all."""

    products: tuple[tuple[str, str], ...]
    """Kind and name, users before what they use."""
    lock: str
    """Whoever holds this name keeps them."""
    is_wanted: Callable[[], bool]
    """Whether somebody has come to want them; asked when nobody can hold them any more."""


class Collector:
    """One look at a cache."""

    def __init__(self, cache: Cache, stored: Callable[[], Sequence[Manifest]], retention: Retention) -> None:
        """``stored``: all finished goldens now, newest first."""
        self._cache = cache
        self._now_stored = stored
        names = [path.name for path in sorted(cache.root.glob("goldens/g-*"))]
        self._stored = stored()
        readable = {manifest.golden_id for manifest in self._stored}
        self._damaged = [name for name in names if name not in readable]
        """Goldens whose manifest cannot be read: none is served, and a build makes it whole again."""
        self._retention = retention
        self._fitting = [memory for memory in memories(cache) if not self._is_unfit(memory)]

    def foreseen(self) -> Sequence[Collected]:
        """What may go now; nothing does."""
        plan = tuple(self._plan())
        return _collected(plan, self._sizes(_products(plan)))

    def collect(self) -> Sequence[Collected]:
        """Remove what may go; what went."""
        plan = tuple(self._plan())
        sizes = self._sizes(_products(plan))
        gone = [going for going in plan if self._remove(going)]
        self._prune_reports()
        return _collected(gone, sizes)

    def _sizes(self, leaving: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """What each frees, together with those before it."""
        shared = _Inodes(self._retention.go_on)
        for path in self._staying({name for _, name in leaving}):
            shared.add(path)
        return {(kind, name): shared.add(self._cache.path(kind, name)) for kind, name in leaving}

    def _plan(self) -> Iterator[_Going]:
        """What may go, users before what they use."""
        leaving = {manifest.golden_id for manifest in self._leaving()}
        staying = self._staying_layers(leaving)
        damaged = [name for name in self._damaged if not self._is_used(GoldenId(name))]
        yield from self._goldens_of([m.golden_id for m in self._stored if m.golden_id in leaving] + damaged)
        for memory in memories(self._cache):
            if memory.user in {*leaving, *damaged}:
                continue
            if self._is_unfit(memory):
                yield _Going(
                    products=((memory.kind, memory.name),), lock=memory.name, is_wanted=lambda: False
                )
            elif not memory.layers <= staying:
                yield _Going(
                    products=((memory.kind, memory.name),),
                    lock=memory.user or memory.name,
                    is_wanted=lambda: False,
                )
        for path in sorted(self._cache.root.glob("layers/*/manifest.json")):
            layer = path.parent.name
            if layer not in staying:
                yield _Going(
                    products=(("layers", layer),), lock=layer, is_wanted=partial(self._is_layer_used, layer)
                )

    def _is_unfit(self, memory: Memory) -> bool:
        """Of another QEMU, shape of machine or release, or damaged, and nobody who runs starts from it."""
        fits = bool(memory.key) and self._retention.fits(memory.kind, memory.key)
        return not fits and self._is_free(memory.name)

    def _goldens_of(self, leaving: Sequence[str]) -> Iterator[_Going]:
        """Each with its own snapshots, in this order."""
        stored = list(memories(self._cache))
        for golden_id in leaving:
            own = [(memory.kind, memory.name) for memory in stored if memory.user == golden_id]
            yield _Going(
                products=(*own, ("goldens", golden_id)),
                lock=golden_id,
                is_wanted=partial(self._is_kept, GoldenId(golden_id)),
            )

    def _staying_layers(self, leaving: Collection[str]) -> AbstractSet[str]:
        """Layers of goldens that stay, of the one that is wanted, and those that a build is at."""
        used = {layer for m in self._stored if m.golden_id not in leaving for layer in m.layers}
        stored = {path.parent.name for path in self._cache.root.glob("layers/*/manifest.json")}
        return used | set(self._retention.layers) | {name for name in stored if not self._is_free(name)}

    def _leaving(self) -> Iterator[Manifest]:
        """Goldens that may go: neither kept nor held, and beyond the newest few or the quota."""
        sizes, kept = _Inodes(self._retention.go_on), 0
        free = [m for m in self._stored if not self._is_used(m.golden_id)]
        for manifest in (m for m in self._stored if m not in free):
            sizes.add_all(self._paths(manifest))
        for manifest in free:
            sizes.add_all(self._paths(manifest))
            if kept < self._retention.newest and sizes.total <= self._retention.quota_bytes:
                kept += 1
            else:
                yield manifest

    def _is_used(self, golden_id: GoldenId) -> bool:
        return self._is_kept(golden_id) or not self._is_free(golden_id)

    def _is_kept(self, golden_id: GoldenId) -> bool:
        return golden_id in self._retention.goldens()

    def _is_layer_used(self, layer: str) -> bool:
        """By a golden that stayed after all, or was finished meanwhile."""
        return any(layer in manifest.layers for manifest in self._now_stored())

    def _is_free(self, name: str) -> bool:
        with self._cache.unheld(name) as free:
            return free

    def _paths(self, manifest: Manifest) -> Iterator[Path]:
        yield self._cache.path("goldens", manifest.golden_id)
        for layer in manifest.layers:
            yield self._cache.path("layers", layer)
        for memory in self._fitting:
            if memory.serves(manifest.golden_id, {*manifest.layers}):
                yield self._cache.path(memory.kind, memory.name)

    def _staying(self, leaving: Collection[str]) -> Iterator[Path]:
        for kind in ("goldens", "layers", *KINDS):
            for path in self._cache.root.glob(f"{kind}/*"):
                if path.name not in leaving:
                    yield path

    def _remove(self, going: _Going) -> bool:
        """Unless somebody has come to hold or to want it meanwhile."""
        self._retention.go_on()
        with self._cache.unheld(going.lock) as free:
            if not free or going.is_wanted():
                return False
            for kind, name in going.products:
                self._cache.discard(kind, name)
            return True

    def _prune_reports(self) -> None:
        known = {manifest.golden_id for manifest in self._stored}
        orphans = [path for path in self._cache.root.glob("canaries/g-*") if path.name not in known]
        for folder in sorted(orphans, key=_changed_ns)[:-REPORTS_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)


def _products(plan: Sequence[_Going]) -> Sequence[tuple[str, str]]:
    return [product for going in plan for product in going.products]


def _collected(gone: Sequence[_Going], sizes: Mapping[tuple[str, str], int]) -> Sequence[Collected]:
    return [Collected(kind=kind, name=name, size=sizes[kind, name]) for kind, name in _products(gone)]


class _Inodes:
    """Counts the disk that files take, each of them once."""

    def __init__(self, go_on: Callable[[], None]) -> None:
        self._go_on = go_on
        self._seen: set[tuple[int, int]] = set()
        self.total = 0

    def add_all(self, folders: Iterator[Path]) -> None:
        """Count several trees."""
        for folder in folders:
            self.add(folder)

    def add(self, folder: Path) -> int:
        """Count a tree; the bytes of it that were not counted before."""
        before = self.total
        for parent, _folders, names in os.walk(folder):
            self._go_on()
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # another collector was faster
                    self._count(os.lstat(Path(parent, name)))
        return self.total - before

    def _count(self, found: os.stat_result) -> None:
        if (found.st_dev, found.st_ino) not in self._seen:
            self._seen.add((found.st_dev, found.st_ino))
            self.total += found.st_blocks * 512


def _changed_ns(folder: Path) -> int:
    """0 for what was removed a moment ago."""
    try:
        return folder.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
