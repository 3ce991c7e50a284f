"""Collects goldens that nothing uses: the oldest first, with what only they were made of.

Never touched: what the caller keeps (promoted, the one before, wanted), what a process holds (a machine
runs from it, a controller serves it, a build is at it), and the newest few within the quota.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from vestibule.core.goldens import Manifest
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.cache import Cache

_MEMORIES = ("snapshots", "desktops")
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

    goldens: Collection[GoldenId]
    layers: Collection[str]
    """Of a golden that is not finished yet."""
    newest: int
    quota_bytes: int


class Collector:
    """One look at a cache."""

    def __init__(self, cache: Cache, stored: Sequence[Manifest], retention: Retention) -> None:
        """``stored``: all finished goldens, newest first."""
        self._cache = cache
        self._stored = stored
        self._retention = retention

    def collect(self, *, dry_run: bool) -> Sequence[Collected]:
        """Remove what may go; with ``dry_run`` only say what that is."""
        products = list(self._products())
        shared = _Inodes()
        for path in self._staying({product.name for product in products}):
            shared.add(path)
        gone = []
        for kind, name in [(product.kind, product.name) for product in products]:
            size = shared.add(self._cache.path(kind, name))
            if dry_run or self._remove(kind, name):
                gone.append(Collected(kind=kind, name=name, size=size))
        if not dry_run:
            self._prune_reports()
        return gone

    def _products(self) -> Iterator[Collected]:
        """What may go, users before what they use."""
        leaving = list(self._leaving())
        names = {manifest.golden_id for manifest in leaving}
        layers = self._staying_layers(names)
        for kind in _MEMORIES:
            for path in sorted(self._cache.root.glob(f"{kind}/*/manifest.json")):
                if _user_of(path) in names or not _layers_of(path) <= layers:
                    yield Collected(kind=kind, name=path.parent.name, size=0)
        for manifest in leaving:
            yield Collected(kind="goldens", name=manifest.golden_id, size=0)
        for path in sorted(self._cache.root.glob("layers/*/manifest.json")):
            if path.parent.name not in layers:
                yield Collected(kind="layers", name=path.parent.name, size=0)

    def _staying_layers(self, leaving: Collection[str]) -> AbstractSet[str]:
        """Layers of goldens that stay, of the one that is wanted, and those that a build is at."""
        used = {layer for m in self._stored if m.golden_id not in leaving for layer in m.layers}
        stored = {path.parent.name for path in self._cache.root.glob("layers/*/manifest.json")}
        return used | set(self._retention.layers) | {name for name in stored if not self._is_free(name)}

    def _leaving(self) -> Iterator[Manifest]:
        """Goldens that may go: neither kept nor held, and beyond the newest few or the quota."""
        sizes, kept = _Inodes(), 0
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
        return golden_id in self._retention.goldens or not self._is_free(golden_id)

    def _is_free(self, name: str) -> bool:
        with self._cache.unheld(name) as free:
            return free

    def _paths(self, manifest: Manifest) -> Iterator[Path]:
        yield self._cache.path("goldens", manifest.golden_id)
        for layer in manifest.layers:
            yield self._cache.path("layers", layer)
        for path in self._cache.root.glob("snapshots/*/manifest.json"):
            if _user_of(path) == manifest.golden_id:
                yield path.parent

    def _staying(self, leaving: Collection[str]) -> Iterator[Path]:
        for kind in ("goldens", "layers", *_MEMORIES):
            for path in self._cache.root.glob(f"{kind}/*"):
                if path.name not in leaving:
                    yield path

    def _remove(self, kind: str, name: str) -> bool:
        """Unless somebody has come to hold it meanwhile."""
        with self._cache.unheld(name) as free:
            if free:
                self._cache.discard(kind, name)
            return free

    def _prune_reports(self) -> None:
        known = {manifest.golden_id for manifest in self._stored}
        orphans = [path for path in self._cache.root.glob("canaries/g-*") if path.name not in known]
        for folder in sorted(orphans, key=lambda path: path.stat().st_mtime_ns)[:-REPORTS_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)


class _Inodes:
    """Counts the disk that files take, each of them once."""

    def __init__(self) -> None:
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
            for name in names:
                self._count(os.lstat(Path(parent, name)))
        return self.total - before

    def _count(self, found: os.stat_result) -> None:
        if (found.st_dev, found.st_ino) not in self._seen:
            self._seen.add((found.st_dev, found.st_ino))
            self.total += found.st_blocks * 512


def _read(manifest: Path) -> dict[str, Any]:
    try:
        found = json.loads(manifest.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _layers_of(snapshot: Path) -> AbstractSet[str]:
    """The layers that a snapshot was taken above."""
    return set(_read(snapshot).get("key", {}).get("disks", {}))


def _user_of(snapshot: Path) -> str | None:
    """The golden that a snapshot is of."""
    golden_id = _read(snapshot).get("key", {}).get("golden_id")
    return str(golden_id) if golden_id else None
