"""A template's memory on the host: a sealed memfd that every clone maps privately.

QEMU 7.2 opens its memory file for writing even where it only maps it privately, so a file in the cache
would have to be writable by the machines' uid: one escaped clone could then change what all later ones
start from.  A memfd sealed against writing can be opened by anyone and changed by no one; the page cache
of the file it was read from can go.  Cost: the template's non-zero pages stay in memory (or swap) while
the driver lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path

_F_ADD_SEALS = 1033
_F_SEAL_SEAL, _F_SEAL_SHRINK, _F_SEAL_GROW, _F_SEAL_WRITE = 1, 2, 4, 8
_MADV_POPULATE_READ = 22
_CHUNK_BYTES = 1 << 20
_PAGE_BYTES = 4096


def extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """(start, end) of every stretch of a sparse file that holds data."""
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError:
            return  # ENXIO: only a hole is left
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


def copy_sparse(source: int, target: int) -> int:
    """Copy what is not zero; returns the bytes written.  Both files get the same size."""
    size = os.fstat(source).st_size
    os.ftruncate(target, size)
    written = 0
    for start, end in extents(source, size):
        for offset in range(start, end, _CHUNK_BYTES):
            chunk = os.pread(source, min(_CHUNK_BYTES, end - offset), offset)
            written += _write_pages(target, chunk, offset)
    return written


def _write_pages(target: int, chunk: bytes, offset: int) -> int:
    if not chunk.strip(b"\0"):
        return 0
    zero = bytes(_PAGE_BYTES)
    written = 0
    for begin in range(0, len(chunk), _PAGE_BYTES):
        page = chunk[begin : begin + _PAGE_BYTES]
        if page != zero:
            written += os.pwrite(target, page, offset + begin)
    return written


def new_memory(size: int) -> int:
    """A memfd of ``size`` bytes for a machine whose memory will be kept."""
    fd = os.memfd_create("vestibule-memory", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    return fd


class TemplateMemory:
    """One snapshot's memory, loaded once per host and driver; close it when no more clones will start."""

    def __init__(self, path: Path) -> None:
        self.fd = new_memory(path.stat().st_size)
        with path.open("rb") as file:
            copy_sparse(file.fileno(), self.fd)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        fcntl.fcntl(self.fd, _F_ADD_SEALS, _F_SEAL_SHRINK | _F_SEAL_GROW | _F_SEAL_WRITE | _F_SEAL_SEAL)
        self._map = self._keep_warm()

    def _keep_warm(self) -> mmap.mmap:
        """Map the data here too: it never gets paged out between clones."""
        size = os.fstat(self.fd).st_size
        view = mmap.mmap(self.fd, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        with contextlib.suppress(OSError):  # before Linux 5.14 the first clone warms it
            for start, end in extents(self.fd, size):
                view.madvise(_MADV_POPULATE_READ, start, end - start)
        return view

    def close(self) -> None:
        """Let the memory go, unless clones still map it."""
        self._map.close()
        os.close(self.fd)
