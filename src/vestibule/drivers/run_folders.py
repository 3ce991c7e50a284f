"""A folder per machine under the run folder; its logs are kept as evidence when the machine is gone.

::

    <run_dir>/machines/<vm_id>/…     while it lives (owner: the uid that machines run as)
    <state_dir>/evidence/<vm_id>/…   console.log and whatever else ended in .log
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from vestibule.core.ids import VmId

EVIDENCE_KEPT = 200
"""Machines whose logs are kept; the oldest go first."""
EVIDENCE_BYTES = 1 << 20
"""The end of a log that is kept."""
CONSOLE = "console.log"


class DiskRunFolders:
    """Port ``RunFolders`` on a file system."""

    def __init__(self, *, run_dir: Path, evidence_dir: Path, owner: tuple[int, int] | None) -> None:
        """``owner``: uid and gid that machines run as, None for the controller's own."""
        self._machines = run_dir / "machines"
        self._evidence = evidence_dir
        self._owner = owner

    async def make(self, vm_id: VmId) -> Path:
        """A fresh folder that the machine's processes may write to."""
        return await asyncio.to_thread(self._make, vm_id)

    async def archive(self, vm_id: VmId) -> None:
        """Keep the logs as evidence, remove the rest; idempotent."""
        await asyncio.to_thread(self._archive, vm_id)

    async def console_tail(self, vm_id: VmId, lines: int = 40) -> str:
        """The end of the machine's console, live or archived; empty when there is none."""
        return await asyncio.to_thread(self._console_tail, vm_id, lines)

    async def clear_except(self, live: Collection[VmId]) -> None:
        """Archive every folder whose machine is not in ``live``."""
        await asyncio.to_thread(self._clear_except, frozenset(live))

    def _make(self, vm_id: VmId) -> Path:
        self._machines.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder = self._machines / vm_id
        folder.mkdir(mode=0o700)
        if self._owner is not None:
            os.chown(folder, *self._owner)
        return folder

    def _archive(self, vm_id: VmId) -> None:
        folder = self._machines / vm_id
        if not folder.is_dir():
            return
        kept = self._evidence / vm_id
        for source in sorted(folder.glob("*.log")):
            kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            (kept / source.name).write_bytes(_tail(source))
        shutil.rmtree(folder, ignore_errors=True)
        self._prune()

    def _prune(self) -> None:
        if not self._evidence.is_dir():
            return
        oldest_first = sorted(self._evidence.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for folder in oldest_first[:-EVIDENCE_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    def _console_tail(self, vm_id: VmId, lines: int) -> str:
        for folder in (self._machines, self._evidence):
            console = folder / vm_id / CONSOLE
            if console.is_file():
                text = _tail(console).decode(errors="replace")
                return "\n".join(text.splitlines()[-lines:])
        return ""

    def _clear_except(self, live: frozenset[VmId]) -> None:
        if not self._machines.is_dir():
            return
        for folder in self._machines.iterdir():
            if folder.name not in live:
                self._archive(VmId(folder.name))


def _tail(source: Path) -> bytes:
    """The last EVIDENCE_BYTES of a regular file; a machine could have put a link or a pipe there."""
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        size = os.fstat(descriptor).st_size
        stream.seek(max(0, size - EVIDENCE_BYTES))
        return stream.read(EVIDENCE_BYTES)
