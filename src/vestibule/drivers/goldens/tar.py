"""A tar archive whose bytes depend on its content alone: sorted, fixed times, fixed owners."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from vestibule.drivers.goldens.trees import is_program, tree_files


class PlainTar:
    """Writes one archive; everything belongs to root, and parent folders come by themselves."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.TarFile(path, "w", format=tarfile.GNU_FORMAT)
        self._folders: set[PurePosixPath] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tar.close()

    def file(self, inside: str, source: Path) -> None:
        """One file; executable when it begins with ``#!``."""
        info = self._entry(inside, tarfile.REGTYPE, 0o755 if is_program(source) else 0o644)
        content = source.read_bytes()
        info.size = len(content)
        self._tar.addfile(info, io.BytesIO(content))

    def tree(self, inside: str, source: Path) -> None:
        """All files of a folder, in order."""
        for path in tree_files(source):
            self.file(str(PurePosixPath(inside) / path.relative_to(source)), path)

    def companions(self, files: Mapping[str, str], folder: Path) -> None:
        """Path below ``folder`` → path inside; what ends in a slash is a tree."""
        for source, inside in files.items():
            put = self.tree if source.endswith("/") else self.file
            put(inside, folder / source)

    def link(self, inside: str, target: str) -> None:
        """A symbolic link."""
        info = self._entry(inside, tarfile.SYMTYPE, 0o777)
        info.linkname = target
        self._tar.addfile(info)

    def _entry(self, inside: str, kind: bytes, mode: int) -> tarfile.TarInfo:
        path = PurePosixPath(inside.lstrip("/"))
        for folder in reversed(path.parents[:-1]):
            self._folder(folder)
        info = tarfile.TarInfo(f"./{path}")
        info.type, info.mode = kind, mode
        return info

    def _folder(self, path: PurePosixPath) -> None:
        if path in self._folders:
            return
        self._folders.add(path)
        info = tarfile.TarInfo(f"./{path}")
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self._tar.addfile(info)
