"""The agent's build id: what the golden's builder and the running agent both compute over the same files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def build_id(folder: Path) -> str:
    """SHA-256, hex, over every file of ``folder``: sorted relative path, length, bytes.

    Compiled files do not count: they are made from the others, on either side.
    """
    digest = hashlib.sha256()
    for path in sorted(_files(folder), key=lambda file: file.relative_to(folder).as_posix()):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        digest.update(b"%d:%s%d:" % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
