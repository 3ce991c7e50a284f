"""Reads the provider files: those that ship, then an operator's own; and what was tried of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vestibule.core.errors import BadInput
from vestibule.core.provider_files import parse
from vestibule.core.providers import Provider
from vestibule.core.verification import Verification, unverified_because

VERIFICATIONS = "verifications.json"
"""In a folder of provider files: what was tried of them, by ``vestibule provider verify --record``."""


def load(folders: Iterable[Path]) -> Mapping[str, Provider]:
    """Read every ``*.toml`` of the folders, name → provider in order of names; a later folder's wins.

    Raises BadInput (``provider_invalid``) naming the file, and the key where one is wrong.
    """
    return {name: parse(_read(path), str(path)) for name, path in files(folders).items()}


def files(folders: Iterable[Path]) -> Mapping[str, Path]:
    """Name → file, in order of names; a later folder's wins.  Raises BadInput."""
    found = {path.stem: path for folder in folders for path in _files(folder)}
    return dict(sorted(found.items()))


def digest(path: Path) -> str:
    """SHA-256 of a provider file, hex: a verification is of the file that it was."""
    return hashlib.sha256(_read(path).encode()).hexdigest()


def doubts(folders: Iterable[Path]) -> Mapping[str, str | None]:
    """Name → why its file is not verified; None when it is.  Raises BadInput."""
    found = files(folders)
    tried = {path.parent: verifications(path.parent) for path in found.values()}
    return {name: _doubt(path, tried[path.parent].get(name)) for name, path in found.items()}


def _doubt(path: Path, tried: Verification | None) -> str | None:
    return unverified_because(parse(_read(path), str(path)), digest(path), tried)


def verifications(folder: Path) -> Mapping[str, Verification]:
    """What was tried of a folder's files, by name; empty when nothing was.

    Raises BadInput (``provider_invalid``) when the record is there and cannot be read.
    """
    path = folder / VERIFICATIONS
    if not path.exists():
        return {}
    try:
        found = [Verification.from_mapping(raw) for raw in json.loads(_read(path))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(
            path, "is no record of verifications", "Remove it, and verify the files again."
        ) from error
    return {verification.provider: verification for verification in found}


def record(folder: Path, fresh: Iterable[Verification]) -> None:
    """Write down what was tried, in the place of what was tried of the same files before."""
    kept = {**verifications(folder), **{one.provider: one for one in fresh}}
    rows = [verification.to_mapping() for _name, verification in sorted(kept.items())]
    aside = folder / f".{VERIFICATIONS}.{os.getpid()}"
    aside.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    aside.replace(folder / VERIFICATIONS)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise _unreadable(folder, "is not a folder", "Create it, or unset the setting providers_dir.")
    return sorted(folder.glob("*.toml"))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8: {error}", "Save it as UTF-8.") from error
    except OSError as error:
        remedy = f"Let the controller's user read it (chmod a+r {path}), or remove it."
        raise _unreadable(path, f"could not be read: {error.strerror}", remedy) from error


def _unreadable(path: Path, problem: str, remedy: str) -> BadInput:
    return BadInput(f"{path} {problem}", remedy=remedy, code="provider_invalid", file=str(path), key="")
