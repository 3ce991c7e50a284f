"""Logs of what is made: one file per layer, golden and snapshot, begun anew each time it is made.

::

    <cache>/logs/<product>.log
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path
from typing import BinaryIO

from vestibule.core.errors import Absent
from vestibule.drivers.goldens.cache import Cache

Products = Callable[[], Collection[str]]
"""Names of what is being made now."""

_TAIL_BYTES = 16_384
_LOOK_S = 0.2
_NAME = re.compile("[a-z0-9][a-z0-9-]*")


class BuildLogs:
    """Implements the port ``BuildLogs`` for one cache; programs that still run may write to them."""

    def __init__(self, cache: Cache) -> None:
        self._folder = cache.root / "logs"

    def newest(self, products: Collection[str]) -> Path | None:
        """The log that was written to last, of these products; None when they have none."""
        paths = [self._folder / f"{product}.log" for product in products]
        there = [path for path in paths if path.is_file()]
        return max(there, key=_changed_ns, default=None)

    def latest(self) -> str | None:
        """The product whose log was written to last, whoever makes it; None when nothing was ever made."""
        path = max(self._folder.glob("*.log"), key=_changed_ns, default=None)
        return path.stem if path else None

    def require(self, product: str) -> None:
        """Raise Absent when there is no log of it."""
        if not _NAME.fullmatch(product) or not (self._folder / f"{product}.log").is_file():
            raise Absent(
                f"there is no log of {product[:60]!r}",
                remedy="See the names of layers, goldens and snapshots: vestibule golden plan.",
            )

    def tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        """The last lines of the newest of these products' logs; empty when they have none."""
        path = self.newest(products)
        if path is None:
            return ()
        with contextlib.suppress(OSError), path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-lines:]
        return ()

    @contextlib.asynccontextmanager
    async def followed(self, products: Products, show: Callable[[str], None]) -> AsyncIterator[None]:
        """See services.golden_ports.BuildLogs; what was written up to the context's end is shown too."""
        with contextlib.closing(_Reader(lambda: self.newest(products()))) as reader:
            task = asyncio.create_task(_follow(reader, show))
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                reader.show_new(show)


async def _follow(reader: _Reader, show: Callable[[str], None]) -> None:
    while True:
        reader.show_new(show)
        await asyncio.sleep(_LOOK_S)


class _Reader:
    """Reads on where it was; another file, or the same one begun anew, from its beginning."""

    def __init__(self, find: Callable[[], Path | None]) -> None:
        self._find = find
        self._file: BinaryIO | None = None
        """Stays open: or the inode might be given to the file that is made in its place."""

    def show_new(self, show: Callable[[str], None]) -> None:
        """Show the lines that were finished since the last time."""
        for line in self._lines():
            show(line)

    def _lines(self) -> Sequence[str]:
        path = self._find()
        with contextlib.suppress(FileNotFoundError):  # begun anew at this moment
            if path is not None:
                return _new(self._at(path)).decode(errors="replace").splitlines()
        return ()

    def _at(self, path: Path) -> BinaryIO:
        if self._file is None or not os.path.samestat(os.fstat(self._file.fileno()), path.stat()):
            self.close()
            self._file = path.open("rb")
        return self._file

    def close(self) -> None:
        """Let go of the file; idempotent."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _new(file: BinaryIO) -> bytes:
    """Its whole lines from here on, or from the beginning when it became shorter."""
    begin = file.tell()
    if os.fstat(file.fileno()).st_size < begin:
        begin = file.seek(0)
    found = file.read()
    whole = found[: found.rfind(b"\n") + 1]
    file.seek(begin + len(whole))
    return whole


def _changed_ns(path: Path) -> int:
    """0 for what was removed a moment ago."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
