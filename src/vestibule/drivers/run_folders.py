"""A folder per machine under the run folder; its logs are kept as evidence when the machine is gone.

::

    <run_dir>/machines/<vm_id>/…     while it lives (owner: the uid that machines run as)
    <state_dir>/evidence/<vm_id>/…   console.log and whatever else ended in .log, without secrets;
                                     screenshot.png of a machine that failed; the janitor removes them
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from vestibule.core.ids import VmId
from vestibule.core.pictures import Picture
from vestibule.core.redaction import redact_log
from vestibule.drivers.private_folder import make_private

EVIDENCE_BYTES = 1 << 20
"""The end of a log that is kept."""
CONSOLE = "console.log"
SCREENSHOT = "screenshot.png"
_NO_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})
"""Nothing there, or a link, or a socket."""


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

    def find(self, vm_id: VmId) -> Path:
        """See services.ports.RunFolders."""
        return self._machines / vm_id

    async def archive(self, vm_id: VmId, known: Sequence[str] = ()) -> None:
        """See services.ports.RunFolders."""
        await asyncio.to_thread(self._archive, vm_id, known)

    async def keep_picture(self, vm_id: VmId, picture: Picture) -> str:
        """See services.evidence.EvidenceFolders."""
        return await asyncio.to_thread(self._keep_picture, vm_id, picture)

    async def console_tail(self, vm_id: VmId, lines: int = 40) -> str:
        """The end of the machine's console, live or archived; empty when there is none."""
        return await asyncio.to_thread(self._console_tail, vm_id, lines)

    async def names(self) -> Collection[VmId]:
        """See services.ports.RunFolders."""
        return await asyncio.to_thread(self._names)

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

    def _keep_picture(self, vm_id: VmId, picture: Picture) -> str:
        content, kept = picture.png(), self._evidence / vm_id
        make_private(kept)
        (kept / SCREENSHOT).write_bytes(content)
        return str(kept / SCREENSHOT)

    def _archive(self, vm_id: VmId, known: Sequence[str] = ()) -> None:
        folder = self._machines / vm_id
        if not folder.is_dir():
            return
        try:
            self._keep_logs(folder, self._evidence / vm_id, known)
        finally:  # on a full disk, too: nothing else would ever remove it
            shutil.rmtree(folder, ignore_errors=True)

    def _keep_logs(self, folder: Path, kept: Path, known: Sequence[str]) -> None:
        for source in sorted(folder.glob("*.log")):
            if (content := tail(source)) is not None:
                make_private(kept)
                (kept / source.name).write_bytes(redact_log(content, known))

    def _console_tail(self, vm_id: VmId, lines: int) -> str:
        for folder in (self._machines, self._evidence):
            console = folder / vm_id / CONSOLE
            if (content := tail(console)) is not None:
                return "\n".join(content.decode(errors="replace").splitlines()[-lines:])
        return ""

    def _clear_except(self, live: frozenset[VmId]) -> None:
        for vm_id in self._names():
            if vm_id not in live:
                self._archive(vm_id)

    def _names(self) -> Collection[VmId]:
        if not self._machines.is_dir():
            return []
        return [VmId(folder.name) for folder in self._machines.iterdir()]


def tail(source: Path, most_bytes: int = EVIDENCE_BYTES) -> bytes | None:
    """The last ``most_bytes`` of a regular file; None for a link, pipe or device that a machine put there.

    Also None when there is nothing of this name.
    """
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in _NO_FILE:
            return None
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        return os.pread(descriptor, most_bytes, max(0, found.st_size - most_bytes))
    finally:
        os.close(descriptor)
