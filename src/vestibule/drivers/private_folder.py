"""Folders that nobody but their owner may enter."""

from __future__ import annotations

import contextlib
from pathlib import Path

MODE = 0o700


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, each with MODE.  Raises OSError.

    ``Path.mkdir(parents=True, mode=…)`` gives its mode to the last one alone.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        with contextlib.suppress(FileExistsError):  # another process was first
            path.mkdir(mode=MODE)
