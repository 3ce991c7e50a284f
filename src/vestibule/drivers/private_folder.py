"""Folders that nobody but their owner may enter."""

from __future__ import annotations

import contextlib
import os
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


def flush_folder(folder: Path) -> None:
    """Bring the names in it to the disk: a file that was linked or renamed is there after a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
