"""The agent's build id: what the golden's builder and the running agent both compute over the same files.

It covers all code of ours that a guest runs: the desktop's package, too, which lies beside the agent's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def build_files(*packages: Path) -> dict[str, str]:
    """Path from the package's own name on → SHA-256, hex, of every file of these packages.

    Compiled files do not count: they are made from the others, on either side.  Raises OSError.
    """
    return {
        path.relative_to(package.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for package in packages
        for path in sorted(_files(package))
    }


def build_id(files: Mapping[str, str]) -> str:
    """SHA-256, hex, over the paths and digests of ``build_files``."""
    lines = (f"{digest}  {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
