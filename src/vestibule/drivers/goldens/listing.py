"""What a folder holds, file by file: written beside a layer's root, so that one changed byte has a name."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from vestibule.core.goldens import Damage
from vestibule.drivers.goldens.cache import file_digest

Listing = Mapping[str, "Entry"]
"""Path below the folder → what is there."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A folder, a file or a link."""

    mode: str
    """Type and permissions in octal, as stat(2) tells them."""
    content: str
    """SHA-256 of a file, target of a link, "" for a folder."""


class Digests:
    """SHA-256 of files, each inode read once: a golden's root is hard links to its layers' roots."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], str] = {}

    def of(self, path: Path) -> str:
        """The digest.  Raises OSError."""
        found = path.lstat()
        key = (found.st_dev, found.st_ino)
        if key not in self._known:
            self._known[key] = file_digest(path)
        return self._known[key]


def list_tree(root: Path, digests: Digests) -> dict[str, Entry]:
    """Everything below ``root`` but device nodes and sockets.  Raises OSError."""
    return {str(path.relative_to(root)): entry for path in _below(root) if (entry := _entry(path, digests))}


def _below(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        for name in sorted((*names, *files)):
            yield Path(folder, name)


def _entry(path: Path, digests: Digests) -> Entry | None:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return Entry(f"{mode:o}", str(path.readlink()))
    if stat.S_ISDIR(mode):
        return Entry(f"{mode:o}", "")
    return Entry(f"{mode:o}", digests.of(path)) if stat.S_ISREG(mode) else None


def write_listing(file: Path, listing: Listing) -> None:
    """One JSON array a line: path, mode, content; sorted by path."""
    lines = (json.dumps([path, entry.mode, entry.content]) for path, entry in sorted(listing.items()))
    file.write_text("".join(f"{line}\n" for line in lines))


def read_listing(file: Path) -> dict[str, Entry]:
    """Raises OSError, or ValueError when it is not a listing."""
    found = {}
    for line in file.read_text().splitlines():
        path, mode, content = json.loads(line)
        found[path] = Entry(mode, content)
    return found


def differences(product: str, wanted: Listing, found: Listing) -> Iterator[Damage]:
    """Every path that is missing, too many, or not as it was made."""
    for path in sorted({*wanted, *found}):
        before, now = wanted.get(path), found.get(path)
        if before == now:
            continue
        problem = (
            "is missing" if now is None else "does not belong there" if before is None else "was changed"
        )
        yield Damage(product=product, file=path, problem=problem)
