"""Logs in a machine's folders, of which the machine may have made anything: only plain files are read."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence
from pathlib import Path

from vestibule.core.ids import VmId
from vestibule.drivers.run_folders import SCREENSHOT, tail
from vestibule.services.machine_logs import LogFile, LogPlace

MOST_OF_A_PICTURE = 64 << 20


class DiskLogFiles:
    """Implements ``services.machine_logs.LogFiles``."""

    def __init__(self, *, run_dir: Path, evidence_dir: Path) -> None:
        self._folders = {LogPlace.RUN: run_dir / "machines", LogPlace.EVIDENCE: evidence_dir}

    async def list(self, vm_id: VmId, place: LogPlace) -> Sequence[LogFile]:
        """See LogFiles."""
        return await asyncio.to_thread(_list, self._folders[place] / vm_id)

    async def read(self, vm_id: VmId, place: LogPlace, name: str, most_bytes: int) -> bytes:
        """See LogFiles."""
        path = self._folders[place] / vm_id / name
        return await asyncio.to_thread(tail, path, most_bytes) or b""

    async def picture(self, vm_id: VmId) -> bytes:
        """See LogFiles."""
        path = self._folders[LogPlace.EVIDENCE] / vm_id / SCREENSHOT
        return await asyncio.to_thread(tail, path, MOST_OF_A_PICTURE) or b""


def _list(folder: Path) -> Sequence[LogFile]:
    found = ((path.name, path.lstat()) for path in sorted(folder.glob("*.log")))
    return [
        LogFile(name=name, size_bytes=seen.st_size, changed_ns=seen.st_mtime_ns)
        for name, seen in found
        if stat.S_ISREG(seen.st_mode)
    ]
