"""Reads the provider files: those that ship with Vestibule, then an operator's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from vestibule.core.errors import BadInput
from vestibule.core.provider_files import parse
from vestibule.core.providers import Provider


def load(folders: Iterable[Path]) -> Mapping[str, Provider]:
    """Read every ``*.toml`` of the folders, name → provider in order of names; a later folder's wins.

    Raises BadInput (``provider_invalid``) naming the file, and the key where one is wrong.
    """
    found: dict[str, Provider] = {}
    for folder in folders:
        for path in _files(folder):
            provider = parse(_read(path), str(path))
            found[provider.name] = provider
    return dict(sorted(found.items()))


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
