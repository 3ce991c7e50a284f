"""The desktop's entry: a VM (root, a virtio-serial port) or a container (uid 1000, an inherited socket)."""

from __future__ import annotations

import os
import sys

from vestibule_desktop.launch import EarlyStart, Launcher
from vestibule_desktop.messages import HANDOVER_FD_VARIABLE, HANDOVER_PORT_NAME
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person


def main() -> int:
    """Run for the agent's life; returns its exit code, as a shell tells it."""
    return run(Paths())


def run(paths: Paths) -> int:
    """Start the first programs, and only then import what the rest needs."""
    handover_fd = _open_handover()
    person = Person.current()
    launcher = Launcher(paths, person, handover_fd)
    launcher.prepare()
    early = launcher.early()
    import asyncio  # noqa: PLC0415 - a tenth of a second, while the X server starts

    code = asyncio.run(_serve(paths, launcher, early, handover_fd))
    return code if code >= 0 else 128 - code


async def _serve(paths: Paths, launcher: Launcher, early: EarlyStart, handover_fd: int) -> int:
    from vestibule_desktop.desktop import Desktop  # noqa: PLC0415 - as above

    return await Desktop(paths, launcher, handover_fd).run(early)


def _open_handover() -> int:
    number = os.environ.pop(HANDOVER_FD_VARIABLE, None)
    if number is not None:
        os.set_inheritable(int(number), False)
        return int(number)
    path = f"/dev/virtio-ports/{HANDOVER_PORT_NAME}"
    try:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        sys.exit(
            f"vestibule-desktop: neither {HANDOVER_FD_VARIABLE} is set nor can {path} be opened: {error}"
        )
