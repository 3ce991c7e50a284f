"""What a root has that the one below it has not: the archive of a layer that only adds.

::

    below.tar ─┐
               ├─ compare type, mode, owner, content ─▶ new and changed files, and the folders above them
    whole.tar ─┘

Times do not count.  Nothing is taken away: stacked disks would need overlayfs's whiteouts for that, and the
merge by hard links a second rule; a layer whose packages remove a file of the layer below is refused instead.
"""

from __future__ import annotations

import dataclasses
import hashlib
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from vestibule.core.errors import GoldenFailed

_BLOCK = 1 << 20
_OF_BELOW = "boot/"
"""Machines boot the lower layer's kernel and initrd: others would be dead weight, or a sign of a mistake."""


@dataclasses.dataclass(frozen=True)
class _Member:
    """What counts of a file, a folder or a link.  Hard links are files."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    content: str


def write_difference(below: Path, whole: Path, difference: Path) -> None:
    """Write ``difference`` in the order of ``whole``, whatever times it tells.

    Raises GoldenFailed ``file_taken_away`` or ``kernel_changed``, naming the file.
    """
    with tarfile.open(below, "r:") as lower, tarfile.open(whole, "r:") as upper:
        before, after = _members(lower), _members(upper)
        _require_nothing_lost(before, after)
        changed = {path for path in after if before.get(path) != after[path]}
        _require_same_kernel(changed)
        folders = {str(folder) for path in changed for folder in PurePosixPath(path).parents[:-1]}
        with tarfile.TarFile(difference, "w", format=tarfile.GNU_FORMAT) as out:
            _copy(upper, out, changed | folders)


def _members(archive: tarfile.TarFile) -> dict[str, _Member]:
    return {_path(info): _member(archive, info) for info in archive if _path(info) != "."}


def _path(info: tarfile.TarInfo) -> str:
    return str(PurePosixPath(info.name))


def _member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> _Member:
    kind = tarfile.REGTYPE if info.isreg() or info.islnk() else info.type
    return _Member(kind, info.mode, (info.uid, info.gid), _content(archive, info))


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> str:
    """SHA-256 of a file, target of a symbolic link, numbers of a device."""
    if info.isdir():
        return ""
    if info.issym():
        return info.linkname
    file = archive.extractfile(info)
    if file is None:
        return f"{info.devmajor}:{info.devminor}"
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _require_nothing_lost(before: Mapping[str, _Member], after: Mapping[str, _Member]) -> None:
    for path, member in before.items():
        now = after.get(path)
        if now is None or (member.kind == tarfile.DIRTYPE) != (now.kind == tarfile.DIRTYPE):
            raise GoldenFailed(
                f"a package of agent/debian-packages.txt takes away /{path}, which the base layer has",
                remedy="Name that package in images/base.toml instead, then run: vestibule golden build.",
                code="file_taken_away",
            )


def _require_same_kernel(changed: Collection[str]) -> None:
    touched = sorted(path for path in changed if path.startswith(_OF_BELOW))
    if touched:
        raise GoldenFailed(
            f"a package of agent/debian-packages.txt changes /{touched[0]}; machines boot the base layer's",
            remedy="Name that package in images/base.toml instead, then run: vestibule golden build.",
            code="kernel_changed",
        )


def _copy(source: tarfile.TarFile, target: tarfile.TarFile, paths: Collection[str]) -> None:
    for info in source:
        if _path(info) in paths:
            entry = _plain(source, info, paths)
            target.addfile(entry, source.extractfile(info) if entry.isreg() else None)


def _plain(source: tarfile.TarFile, info: tarfile.TarInfo, paths: Collection[str]) -> tarfile.TarInfo:
    """Without times and names of owners; a hard link to what is not copied becomes a file of its own."""
    entry = tarfile.TarInfo(info.name)
    entry.type, entry.mode, entry.uid, entry.gid = info.type, info.mode, info.uid, info.gid
    entry.size, entry.linkname = info.size, info.linkname
    entry.devmajor, entry.devminor = info.devmajor, info.devminor
    if info.islnk() and str(PurePosixPath(info.linkname)) not in paths:
        entry.type, entry.linkname = tarfile.REGTYPE, ""
        entry.size = source.getmember(info.linkname).size
    return entry
