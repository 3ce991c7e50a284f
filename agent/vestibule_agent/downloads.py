"""The files of the person's Downloads: listed, taken in and given out, never followed anywhere else.

The agent may be root, and the folder is the person's: every path is taken from the folder's own descriptor,
no symlink is followed, and what is not a plain file is not there.  A file that comes in has a name of its own
only once all of it has come.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from vestibule_agent.file_names import COMING, GOING_ON, MAX_NAME_BYTES, checked, id_of, name_of
from vestibule_agent.protocol import DownloadsFile
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

FOLDER = "Downloads"
MAX_EXTENSION_BYTES = 32
MOST_FILES = 500
"""Listed, the newest ones."""
KEPT_FREE_BYTES = 64 << 20
"""Left to desktop and tool: where disk is memory, the last of it ends programs."""
CHUNK_BYTES = 65_536
LATEST_S = 253_402_300_799
"""The last second that is a date, of the year 9999."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskFullError(OSError):
    """There is no room for it."""


class BrokenOffError(ConnectionError):
    """Less came than was said."""


class Downloads:
    """One per machine."""

    def __init__(self, paths: Paths, person: Person) -> None:
        self._paths, self._person = paths, person

    def files(self) -> list[DownloadsFile]:
        """What is there, the newest first.  Raises OSError."""
        with self._folder() as folder:
            found = [file for name in _names(folder) if (file := _described(folder, name))]
        return sorted(found, key=lambda file: file.modified_at, reverse=True)[:MOST_FILES]

    async def take_in(
        self, name: str, size: int, chunks: AsyncIterator[bytes], quota: int | None
    ) -> DownloadsFile:
        """Write a new file; beside one of its name it gets another, as in a browser.

        Nothing is left unless ``size`` bytes came.  Raises ValueError (a name that cannot be one),
        DiskFullError, BrokenOffError, OSError.
        """
        wanted = checked(name)
        with self._folder() as folder:
            _require_room(folder, size, quota)
            coming = COMING + os.urandom(8).hex().encode()
            try:
                # Nothing is awaited since the check: of two that come at once, the second sees the first.
                reserved = self._reserved(folder, coming, size)
                await _write(reserved, size, chunks)
                given = _link(folder, coming, wanted)
            except OSError as error:
                if error.errno in _FULL:
                    raise DiskFullError(*error.args) from error
                raise
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(coming, dir_fd=folder)
            file = _described(folder, given)
        if file is None:
            raise FileNotFoundError(errno.ENOENT, "it was taken away as it came")
        return file

    def open(self, file: str) -> tuple[int, int]:
        """Descriptor and size of a file by its id.  Raises LookupError, OSError."""
        name = name_of(file)
        with self._folder() as folder:
            try:
                # Without blocking: a pipe would wait for its writer.
                opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            except OSError as error:
                if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:
                    raise LookupError("there is no such file in Downloads") from error
                raise
        found = os.fstat(opened)
        if not stat.S_ISREG(found.st_mode):
            os.close(opened)
            raise LookupError("there is no such file in Downloads")
        return opened, found.st_size

    @contextlib.contextmanager
    def _folder(self) -> Iterator[int]:
        """The folder, made when it is missing.  Raises OSError, also when it is a symlink."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        home = os.open(self._paths.home, flags)
        try:
            made = _made(home)
            folder = os.open(FOLDER, flags, dir_fd=home)
        finally:
            os.close(home)
        try:
            if made:
                self._own(folder)
            yield folder
        finally:
            os.close(folder)

    def _reserved(self, folder: int, coming: bytes, size: int) -> int:
        """A new file that holds its room on the disk already: its descriptor.  Raises OSError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        file = os.open(coming, flags, 0o644, dir_fd=folder)
        try:
            self._own(file)
            if size:
                os.posix_fallocate(file, 0, size)
        except BaseException:
            os.close(file)
            raise
        return file

    def _own(self, opened: int) -> None:
        """By its descriptor: the folder is the person's, who could put something else under the name."""
        if self._person.switch:
            os.fchown(opened, self._person.uid, self._person.gid)


def _made(home: int) -> bool:
    """Make the folder; whether it was missing."""
    try:
        os.mkdir(FOLDER, 0o755, dir_fd=home)
    except FileExistsError:
        return False
    return True


def _require_room(folder: int, size: int, quota: int | None) -> None:
    """Raises DiskFullError."""
    disk = os.fstatvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    if free - size < KEPT_FREE_BYTES:
        raise DiskFullError(errno.ENOSPC, f"{size} bytes do not fit beside what must stay free")
    if quota is not None and size + _used(folder) > quota:
        raise DiskFullError(errno.EDQUOT, f"Downloads would hold more than {quota} bytes")


async def _write(file: int, size: int, chunks: AsyncIterator[bytes]) -> None:
    """Fill a file with what comes, and close it.  Raises BrokenOffError when that is not ``size`` bytes."""
    left = size
    try:
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            _write_all(file, chunk)
    finally:
        os.close(file)
    if left != 0:
        raise BrokenOffError(f"{size - left} of {size} bytes came")


async def chunks_of(file: int, size: int) -> AsyncGenerator[bytes]:
    """``size`` bytes of an open file, which is closed in the end; fewer when it was cut meanwhile."""
    try:
        while size > 0 and (data := os.read(file, min(CHUNK_BYTES, size))):
            size -= len(data)
            yield data
    finally:
        os.close(file)


def _described(folder: int, name: bytes) -> DownloadsFile | None:
    """What is told of a plain file; None of anything else."""
    if name.startswith(COMING) or name.endswith(GOING_ON):
        return None
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return DownloadsFile(
        file=id_of(name),
        name=name.decode(errors="backslashreplace"),
        size=found.st_size,
        modified_at=_moment(found.st_mtime),
    )


def _moment(mtime_s: float) -> str:
    """A file's time may be any number: one that is no date becomes the nearest that is."""
    return dt.datetime.fromtimestamp(min(max(mtime_s, 0), LATEST_S), dt.UTC).isoformat()


def _used(folder: int) -> int:
    """Bytes, with what is reserved for files that are on their way."""
    used = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # it was taken away meanwhile
                used += entry.stat(follow_symlinks=False).st_size
    return used


def _names(folder: int) -> list[bytes]:
    with os.scandir(folder) as entries:
        return [os.fsencode(entry.name) for entry in entries]


def _link(folder: int, coming: bytes, wanted: bytes) -> bytes:
    """Give a file that has come its name, or the next that is free: ``report (1).pdf``."""
    number = 0
    while True:
        name = wanted if number == 0 else _numbered(wanted, number)
        try:
            os.link(coming, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            number += 1
            continue
        return name


def _numbered(name: bytes, number: int) -> bytes:
    stem, dot, extension = name.rpartition(b".")
    if not stem or len(extension) > MAX_EXTENSION_BYTES:
        stem, dot, extension = name, b"", b""
    extension = dot + extension
    mark = f" ({number})".encode()
    room = MAX_NAME_BYTES - len(mark) - len(extension)
    if len(stem) > room:
        stem = stem[:room].decode("utf-8", "ignore").encode()  # no half of a character at the cut
    return stem + mark + extension


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
