"""What can be told of a stored golden in a millisecond, and so before every start from it.

::

    trusted key ─▶ statement ─▶ manifest ─▶ no file was written after it, or its digest is right all the same

``verify`` reads every byte and finds what decays unwritten too; that takes a minute (services/scrubbing.py).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from vestibule.core.goldens import Damage
from vestibule.core.ids import GoldenId
from vestibule.drivers.goldens.attest import MANIFEST
from vestibule.drivers.goldens.cache import Cache, file_digest
from vestibule.drivers.goldens.memories import is_of_its_name
from vestibule.drivers.goldens.signing import Signer
from vestibule.drivers.goldens.verify import problem_of
from vestibule.drivers.goldens.verify_statements import verify_disk_statements, verify_statement

Seen = tuple[tuple[str, int, int, int], ...]
"""Path, inode, size and time of the last write (ns) of every file that is looked at."""


class QuickCheck:
    """Remembers what it found until a file looks different."""

    def __init__(self, cache: Cache, signer: Signer | None) -> None:
        """``signer``: unset, statements are not asked for."""
        self._cache = cache
        self._signer = signer
        self._known: dict[str, tuple[Seen, Sequence[Damage]]] = {}

    def disk(self, golden_id: GoldenId, layers: Sequence[str]) -> Sequence[Damage]:
        """What is wrong with the golden and these layers of its, as far as that shows."""
        folders = [self._cache.path("layers", layer) for layer in layers]
        folders.append(self._cache.path("goldens", golden_id))
        signer = self._signer

        def stated() -> Iterator[Damage]:
            if signer is not None:
                yield from verify_disk_statements(self._cache, golden_id, layers, signer)

        return self._look(golden_id, folders, stated)

    def snapshot(self, folder: Path) -> Sequence[Damage]:
        """What is wrong with a golden's snapshot or a desktop's, as far as that shows."""
        signer = self._signer

        def stated() -> Iterator[Damage]:
            if not is_of_its_name(folder):
                yield Damage(product=folder.name, file=MANIFEST, problem="was changed")
            if signer is not None:
                yield from verify_statement(folder, signer)

        return self._look(folder.name, [folder], stated)

    def _look(
        self, name: str, folders: Sequence[Path], stated: Callable[[], Iterator[Damage]]
    ) -> Sequence[Damage]:
        seen = fingerprint(folders)
        known = self._known.get(name)
        if known is None or known[0] != seen:
            written = (damage for folder in folders for damage in _written_since(folder))
            known = self._known[name] = seen, (*written, *stated())
        return known[1]


def fingerprint(folders: Iterable[Path]) -> Seen:
    """Of every file that lies in these folders, not below: another one when any was written or replaced."""
    return tuple(entry for folder in folders for entry in _seen(folder))


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

    def digest(path: Path, wanted: str) -> str:
        return wanted if path.stat().st_mtime_ns <= finished_ns else file_digest(path)

    for name, wanted in digests.items():
        problem = problem_of(folder / name, wanted, functools.partial(digest, wanted=wanted))
        if problem:
            yield Damage(product=folder.name, file=name, problem=problem)
