"""inotify(7) by ctypes: the standard library has no binding, and a credential must not be polled for."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

CREATED, MOVED_IN, WRITTEN = 0x100, 0x80, 0x8
_CLOSE_ON_EXEC, _NONBLOCK = os.O_CLOEXEC, os.O_NONBLOCK


class Inotify:
    """Watches folders; ``fd`` is readable when something was created, moved in or written in one of them."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.inotify_init1(_CLOSE_ON_EXEC | _NONBLOCK)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")

    def watch(self, folder: Path) -> bool:
        """Watch a folder (again); False when there is no such folder."""
        mask = CREATED | MOVED_IN | WRITTEN
        return bool(self._libc.inotify_add_watch(self.fd, os.fsencode(folder), mask) >= 0)

    def drain(self) -> None:
        """Forget what has been reported: the caller looks for itself."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self.fd, 65_536):
                pass

    def close(self) -> None:
        """Stop watching."""
        os.close(self.fd)
