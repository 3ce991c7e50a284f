"""Content-addressed folders: written aside under a lock, made durable, renamed, read-only from then on.

::

    locks/<name>.lock      held by the one builder of a name; a second waits, then finds the product
    work/<name>-<random>/  what is being made; whatever lies here when the lock is free is a dead builder's
    <kind>/<name>/         finished: complete and never changed
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from vestibule.core.errors import HostUnfit
from vestibule.drivers import proc
from vestibule.drivers.goldens.commands import disk_full
from vestibule.drivers.goldens.tether import Users, run_tethered

_DYING_S = 30.0
_NULL = Path(os.devnull)


class Cache:
    """The folder that holds everything a golden is made of; all of it can be made again."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, kind: str, name: str) -> Path:
        """Where a finished product is, or will be."""
        return self.root / kind / name

    def has(self, kind: str, name: str) -> bool:
        """Whether the product is finished: its manifest is written last, then the folder renamed."""
        return (self.path(kind, name) / "manifest.json").is_file()

    @contextlib.contextmanager
    def lock(self, name: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Be the only builder of ``name``; waits for another one, and says so before."""
        path = self._made("locks") / f"{name}.lock"
        with path.open("w") as file:
            if not _lock_now(file):
                if on_wait is not None:
                    on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def lock_now(self, name: str) -> Iterator[bool]:
        """Be the only builder of ``name`` if nobody else is; whether that is so."""
        with (self._made("locks") / f"{name}.lock").open("w") as file:
            yield _lock_now(file)

    def hold(self, name: str) -> IO[str]:
        """Keep a product from being collected until the file is closed or this process ends."""
        file = (self._made("locks") / f"{name}.use").open("a")
        fcntl.flock(file, fcntl.LOCK_SH)
        return file

    @contextlib.contextmanager
    def unheld(self, name: str) -> Iterator[bool]:
        """Whether nobody holds the product; while the context lasts, nobody can begin to."""
        with (self._made("locks") / f"{name}.use").open("a") as file:
            yield _lock_now(file)

    @contextlib.contextmanager
    def work(self, name: str) -> Iterator[Path]:
        """A fresh folder to build ``name`` in, gone afterwards; the lock must be held."""
        parent = self._made("work")
        self._sweep(parent, name)
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
        folder.chmod(0o755)
        try:
            yield folder
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(self.root) from error
            raise
        finally:
            remove_tree(folder)

    def _sweep(self, parent: Path, held: str) -> None:
        """Remove what dead builders left: folders of names that nobody, or only this build, has locked."""
        for folder in parent.iterdir():
            name = folder.name.rpartition("-")[0]
            with (self._made("locks") / f"{name}.lock").open("w") as lock:
                if name == held or _lock_now(lock):
                    _remove_from_dying(folder)

    def publish(self, work: Path, kind: str, name: str) -> Path:
        """Make a finished work folder durable and give it its name."""
        final = self._made(kind) / name
        sync_filesystem(work)
        if final.exists():
            self._remove_at_once(final)
        work.rename(final)
        self.mark_of_damage(name).unlink(missing_ok=True)
        sync_filesystem(final.parent)
        return final

    def mark_of_damage(self, name: str) -> Path:
        """What was found out about the product of this name (drivers/goldens/verify.py); ends with it."""
        return self.root / "damaged" / f"{name}.json"

    def _remove_at_once(self, final: Path) -> None:
        """Killed in the middle of it, a build leaves nothing half removed under a final name."""
        away = Path(tempfile.mkdtemp(prefix=f"{final.name}-", dir=self._made("work")))
        final.rename(away / final.name)
        remove_tree(away)

    def discard(self, kind: str, name: str) -> None:
        """Remove a finished product; its name is free again at once, its files a moment later."""
        final = self.path(kind, name)
        if not final.exists():
            return
        with self.lock(name):
            self._remove_at_once(final)
            self.mark_of_damage(name).unlink(missing_ok=True)

    def _made(self, kind: str) -> Path:
        folder = self.root / kind
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise disk_full(self.root) from error
            raise HostUnfit(
                f"the cache folder {folder} cannot be made: {error.strerror}",
                remedy="Set cache_dir to a folder of your own, or change the owner of this one.",
            ) from error
        return folder


def _lock_now(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_filesystem(path: Path) -> None:
    """Flush the file system that holds ``path``: tens of thousands of files in one call."""
    subprocess.run(["sync", "-f", str(path)], check=True)


def remove_tree(path: Path) -> None:
    """Remove a tree whose folders may be read-only; nothing happens when it is not there."""
    if not path.exists():
        return
    if _is_mounted_over(path):
        raise HostUnfit(
            f"something is still mounted inside {path}",
            remedy=f"Unmount it, then build again: findmnt --list | grep {path}.",
        )
    try:
        _remove_own(path)
    except PermissionError:
        _remove_others(path)


def _remove_own(path: Path) -> None:
    for folder, names, _files in os.walk(path):
        for name in names:
            child = Path(folder, name)
            if not child.is_symlink():
                child.chmod(0o755)
    shutil.rmtree(path)


def _remove_others(path: Path) -> None:
    """An unfinished bootstrap has files of all users that /etc/subuid gives to the builder."""
    with _NULL.open("wb") as nowhere:
        argv = ["rm", "-rf", "--", str(path)]
        run_tethered(argv, users=Users.ALL, stdin=_NULL, stdout=nowhere, stderr=nowhere)
    if path.exists():
        raise HostUnfit(
            f"{path} has files of other users and cannot be removed", remedy=f"As root: rm -rf {path}."
        )


def _remove_from_dying(path: Path) -> None:
    """Programs of a builder that was killed a moment ago may still write there."""
    deadline = time.monotonic() + _DYING_S
    while True:
        try:
            remove_tree(path)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.ENOENT} or time.monotonic() > deadline:
                raise
        else:
            return


def _is_mounted_over(path: Path) -> bool:
    """A killed bootstrap must never make us delete through its bind mounts."""
    return any(mount.point.is_relative_to(path.resolve()) for mount in proc.mounts())


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_read_only(path: Path) -> None:
    """Nobody writes this file any more; everybody may read it."""
    path.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
