"""The fake server of ``web/dev``: the controller's API in the states that a page can be in, no machines."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
READY_S = 20


class Desktop(NamedTuple):
    """Where a viewer and a program find it."""

    socket: Path
    display: str


@contextlib.contextmanager
def fake_api(**stories: str) -> Iterator[str]:
    """Its origin; ``stories``: environment variables that say what it tells (see its own heading)."""
    argv = [ROOT / "scripts/node", ROOT / "web/dev/fake-server.mjs"]
    environment = {**os.environ, "PORT": "0", **stories}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip().removesuffix("/dashboard/remote-cli")
        finally:
            server.terminate()


@contextlib.contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """An Xvnc with nothing on it."""
    socket = folder / "vnc"
    argv = ["Xvnc", "-displayfd", "1", "-geometry", "1280x800", "-rfbunixpath", str(socket)]
    argv += ["-rfbport", "-1", "-nolisten", "tcp", "-SecurityTypes", "None"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            display = server.stdout.readline().strip()
            assert display, "Xvnc did not start"
            deadline = time.monotonic() + READY_S
            while not socket.exists():
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield Desktop(socket=socket, display=f":{display}")
        finally:
            server.terminate()
