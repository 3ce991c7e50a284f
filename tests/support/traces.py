"""What a build may leave on the host: processes that bear its mark, mounts, files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from vestibule.drivers import proc

_DEADLINE_S = 20.0


def eventually(condition: Callable[[], object]) -> bool:
    """Whether a condition that tells nobody holds before a deadline."""
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def processes(mark: str) -> list[str]:
    """Command lines of all processes that have the mark in their environment or among their arguments."""
    return [argv for argv, told in _processes() if mark in told]


def _processes() -> Iterator[tuple[str, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            argv, environment = ((folder / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:  # it has ended, or is ending
            continue
        if int(folder.name) != os.getpid():
            line = argv.replace(b"\0", b" ").decode(errors="replace")
            yield line, line + environment.decode(errors="replace")


def mounts(folder: Path) -> list[Path]:
    """Mount points below a folder that everybody sees; elsewhere the host itself may mount at any moment."""
    return [mount.point for mount in proc.mounts() if mount.point.is_relative_to(folder.resolve())]


def files(*folders: Path) -> list[str]:
    """Everything directly inside the folders."""
    return [str(path) for folder in folders if folder.exists() for path in folder.iterdir()]
