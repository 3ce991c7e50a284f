"""What can be told of a stored golden in a millisecond, and so before every start from it.

::

    trusted key ─▶ statement ─▶ manifest ─▶ no file was written after it, or its digest is right all the same

``verify`` reads every byte and finds what decays unwritten too; that takes a minute (services/scrubbing.py).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import MANIFEST
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.signing import Signer
from vestibule.drivers.goldens.verify import desktops_of, snapshots_of
from vestibule.drivers.goldens.verify_statements import verify_statements

Seen = tuple[tuple[str, int, int, int], ...]
"""Path, inode, size and time of change (ns) of every file that is looked at."""


class QuickCheck:
    """Remembers what it found until a file looks different."""

    def __init__(self, cache: Cache, signer: Signer | None) -> None:
        """``signer``: unset, statements are not asked for."""
        self._cache = cache
        self._signer = signer
        self._known: dict[GoldenId, tuple[Seen, Sequence[Damage]]] = {}

    def damages(self, golden_id: GoldenId, layers: Sequence[str]) -> Sequence[Damage]:
        """What is wrong with the golden, these layers of its and its snapshots, as far as that shows."""
        folders = [
            *(self._cache.path("layers", layer) for layer in layers),
            self._cache.path("goldens", golden_id),
            *desktops_of(self._cache, layers),
            *snapshots_of(self._cache, golden_id),
        ]
        seen = tuple(entry for folder in folders for entry in _seen(folder))
        known = self._known.get(golden_id)
        if known is None or known[0] != seen:
            known = self._known[golden_id] = seen, tuple(self._look(golden_id, folders))
        return known[1]

    def _look(self, golden_id: GoldenId, folders: Sequence[Path]) -> Iterator[Damage]:
        for folder in folders:
            yield from _written_since(folder)
        if self._signer is not None:
            yield from verify_statements(self._cache, golden_id, self._signer)


def _seen(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    try:
        with os.scandir(folder) as entries:
            files = sorted((entry for entry in entries if not entry.is_dir()), key=lambda entry: entry.name)
        for entry in files:
            found = entry.stat()
            yield entry.path, found.st_ino, found.st_size, found.st_mtime_ns
    except OSError:  # being collected, or gone: a look at its manifest tells
        return


def _written_since(folder: Path) -> Iterator[Damage]:
    """Products that were written after the manifest, which is the last of all, and are not what it says."""
    manifest = folder / MANIFEST
    try:
        digests = dict(json.loads(manifest.read_text())["digests"])
        finished_ns = manifest.stat().st_mtime_ns
    except (OSError, ValueError, KeyError, TypeError):
        yield Damage(product=folder.name, file=MANIFEST, problem="cannot be read")
        return
    for name, wanted in digests.items():
        problem = _problem(folder / name, wanted, finished_ns)
        if problem:
            yield Damage(product=folder.name, file=name, problem=problem)


def _problem(path: Path, wanted: str, finished_ns: int) -> str | None:
    try:
        untouched = path.stat().st_mtime_ns <= finished_ns
        return None if untouched or file_digest(path) == wanted else "was changed"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
