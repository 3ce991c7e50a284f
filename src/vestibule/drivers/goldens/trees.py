"""The files of a tree that count: which they are, in which order, and which of them are programs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

_SKIPPED = {"__pycache__", ".mypy_cache", ".ruff_cache", "tests"}


def tree_files(root: Path) -> Iterator[Path]:
    """The files of a tree in a fixed order, without what Python and editors leave."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not _SKIPPED.intersection(path.relative_to(root).parts):
            yield path


def is_program(path: Path) -> bool:
    """Whether a file gets mode 0755: told by its first bytes, because a wheel does not keep modes."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def tree_digest(root: Path) -> dict[str, str]:
    """Relative path → SHA-256 of every file."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree_files(root)
    }
