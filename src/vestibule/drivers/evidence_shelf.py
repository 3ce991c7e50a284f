"""The folder ``evidence`` of the state folder: what it holds; what is too old or too much is removed."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import structlog

from vestibule.core.ids import VmId
from vestibule.services.janitor import Kept

log = structlog.get_logger()

SETTLED_S = 60.0
"""What was written to this lately may still be written to: a machine's logs come one after another."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Folder:
    path: Path
    modified_s: float
    size_bytes: int


class DiskEvidence:
    """Implements ``services.janitor.EvidenceShelf``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def kept(self) -> Kept:
        """See EvidenceShelf."""
        return await asyncio.to_thread(lambda: _sum(list(self._folders())))

    async def prune(self, *, quota_bytes: int, before: dt.datetime, live: Collection[VmId]) -> Kept:
        """See EvidenceShelf."""
        return await asyncio.to_thread(self._prune, quota_bytes, before.timestamp(), frozenset(live))

    def _prune(self, quota_bytes: int, before_s: float, live: frozenset[VmId]) -> Kept:
        oldest_first = sorted(self._folders(), key=lambda folder: folder.modified_s)
        left, gone = sum(folder.size_bytes for folder in oldest_first), list[_Folder]()
        for folder in oldest_first:
            may_go = VmId(folder.path.name) not in live and folder.modified_s < time.time() - SETTLED_S
            if may_go and (folder.modified_s < before_s or left > quota_bytes) and _remove(folder.path):
                left -= folder.size_bytes
                gone.append(folder)
        return _sum(gone)

    def _folders(self) -> Iterator[_Folder]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if (found := _look(path)) is not None:
                yield found


def _look(path: Path) -> _Folder | None:
    """None of what has just gone, or is no folder: a link may lead anywhere."""
    try:
        if path.is_symlink() or not path.is_dir():
            return None
        size = sum(
            (Path(folder) / name).lstat().st_blocks * 512
            for folder, _, names in os.walk(path)
            for name in names
        )
        return _Folder(path=path, modified_s=path.stat().st_mtime, size_bytes=size)
    except FileNotFoundError:
        return None


def _remove(path: Path) -> bool:
    try:
        shutil.rmtree(path)
    except OSError as error:
        log.warning("Old evidence could not be removed", folder=str(path), error=str(error))
        return False
    return True


def _sum(folders: Collection[_Folder]) -> Kept:
    return Kept(machines=len(folders), size_bytes=sum(folder.size_bytes for folder in folders))
