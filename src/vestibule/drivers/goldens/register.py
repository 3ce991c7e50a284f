"""The register of promotions: one JSON file in the state folder, replaced whole, under a lock.

A file and not a table: the command line promotes and rolls back without a controller, and the controller
sees it at the next start of a machine (docs/decisions/0017).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from vestibule.core.errors import GoldenFailed
from vestibule.core.promotion import Register
from vestibule.drivers.private_folder import make_private


class FileRegister:
    """Implements the port ``GoldenRegister``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Register:
        """The moves so far; none where there is no file.  Raises GoldenFailed ``register_damaged``."""
        try:
            return Register.from_mapping(json.loads(self._path.read_text()))
        except FileNotFoundError:
            return Register()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GoldenFailed(
                f"the register of goldens {self._path} cannot be read: {error!r}",
                remedy="Move it away, then promote what is to be used: vestibule golden build.",
                code="register_damaged",
            ) from error

    def update(self, change: Callable[[Register], Register]) -> Register:
        """Read, change and store, alone: a second writer waits.  What ``change`` raises stores nothing."""
        make_private(self._path.parent)
        with self._alone():
            before = self.read()
            after = change(before)
            if after != before:
                self._store(after)
            return after

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _store(self, register: Register) -> None:
        """Write aside, flush, rename: a reader sees the old register or the new one, after a crash too."""
        aside = self._path.with_suffix(".new")
        with aside.open("w") as file:
            json.dump(register.to_mapping(), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
