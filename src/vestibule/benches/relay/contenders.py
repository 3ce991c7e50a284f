"""What carries bytes between viewers and desktops: each a process, started anew, and how viewers reach it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from vestibule.benches.programs import await_end, line_of, program
from vestibule.benches.relay.viewers import Way
from vestibule.core.errors import HostUnfit, Unavailable
from vestibule.drivers import proc
from vestibule.drivers.own_controller import free_port

CONTROLLER, DESKTOP, COPYING, VIEWERS = (
    f"vestibule.benches.relay.{name}" for name in ("controller", "desktop", "copying", "viewers")
)
UP_TIMEOUT_S = 20.0
_LOOK_S = 0.02


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reached:
    """A contender that answers."""

    pid: int
    port: int
    ways: Sequence[Way]
    """One for each stream."""


Contender = Callable[[int, int], AbstractContextManager[Reached]]
"""Starts one before the desktops of a port, for so many streams."""


@contextlib.contextmanager
def vestibule(desktop_port: int, streams: int) -> Iterator[Reached]:
    """The controller's own way; each stream has a ticket for a machine of its own."""
    from vestibule.benches.relay import controller  # noqa: PLC0415 (loads the API; only its process needs it)

    with program(CONTROLLER, desktop_port, streams) as process:
        told = json.loads(line_of(process))
        ways = [
            Way(
                path=f"/api/vm/{controller.machine_of(stream)}/vnc",
                subprotocols=("binary", f"vestibule.ticket.{ticket}"),
            )
            for stream, ticket in enumerate(told["tickets"])
        ]
        yield Reached(pid=process.pid, port=told["port"], ways=ways)


@contextlib.contextmanager
def copy(desktop_port: int, streams: int) -> Iterator[Reached]:
    """The floor."""
    with program(COPYING, desktop_port) as process:
        yield Reached(pid=process.pid, port=int(line_of(process)), ways=[Way(path=None)] * streams)


@contextlib.contextmanager
def websockify(desktop_port: int, streams: int) -> Iterator[Reached]:
    """As its manual has it: one process that forks one more for each viewer."""
    port = free_port()
    argv = [find_websockify(), f"127.0.0.1:{port}", f"127.0.0.1:{desktop_port}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet) as process:
        try:
            _await_listening(process, port)
            way = Way(path="/websockify", subprotocols=("binary",))
            yield Reached(pid=process.pid, port=port, ways=[way] * streams)
        finally:
            process.terminate()
            await_end(process)


CONTENDERS: Mapping[str, Contender] = {"vestibule": vestibule, "websockify": websockify, "copy": copy}


def find_websockify() -> str:
    """Beside our own Python, or on the PATH.  Raises HostUnfit."""
    beside = Path(sys.executable).with_name("websockify")
    found = str(beside) if beside.is_file() else shutil.which("websockify")
    if found is None:
        raise HostUnfit(
            "The relay is measured against websockify, which is not installed.",
            remedy=f"In a checkout: {sys.executable} -m pip install --require-hashes"
            " -r requirements/bench.txt; elsewhere: pipx install websockify.",
        )
    return found


def _await_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Until it listens, asked of the kernel: websockify forks for whoever connects.  Raises Unavailable."""
    deadline = time.monotonic() + UP_TIMEOUT_S
    while not list(proc.listening(port)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(
                f"websockify does not listen (exit code {process.returncode}).",
                remedy="Start it by hand and read what it says: websockify 127.0.0.1:6080 127.0.0.1:5900",
            )
        time.sleep(_LOOK_S)
