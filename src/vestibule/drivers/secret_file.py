"""A secret that a program of this host's user reads back: one line in a file of mode 0600."""

from __future__ import annotations

import os
from pathlib import Path


def read_secret(path: Path) -> str | None:
    """The secret, or None when there is no such file or it holds no text: then another can be made."""
    try:
        return path.read_text().strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write_secret(path: Path, secret: str) -> None:
    """Write aside, then rename: a reader sees the old secret or the new one, and nobody else either."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
    aside.rename(path)
