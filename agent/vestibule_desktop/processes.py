"""Child processes: start them as the person, learn how each ended.

The desktop is the first process of a container, so it reaps *every* child, adopted orphans included, in one
SIGCHLD handler.  That is why asyncio's own subprocesses are not used: their watchers would race with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from vestibule_desktop.person import Person

UNKNOWN = -1
"""Exit code of a process whose end nobody saw."""


def start(
    argv: Sequence[str],
    *,
    person: Person,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output appended to ``log``.  Raises OSError."""
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=output if stdout is None else stdout,
            stderr=output,
            env=dict(environment),
            cwd=folder,
            pass_fds=pass_fds,
            start_new_session=True,
            user=person.uid if person.switch else None,
            group=person.gid if person.switch else None,
            extra_groups=[] if person.switch else None,
        )


class Children:
    """Reaps every child; ``ended`` tells how a known one did."""

    def __init__(self) -> None:
        self._codes: dict[int, asyncio.Future[int]] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Reap from now on, starting with children that have already ended."""
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def adopt(self, process: subprocess.Popen[bytes]) -> asyncio.Future[int]:
        """Expect this process; the future is its exit code, negative for a signal.

        One that has ended so early that it was reaped among strangers has the code UNKNOWN.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: _settle(process, done))
        self._codes[process.pid] = future
        self._reap()
        if not future.done() and not _is_child(process.pid):
            self._report(process.pid, UNKNOWN)
        return future

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (found := self._next()) is not None:
                self._report(*found)

    def _next(self) -> tuple[int, int] | None:
        # WNOWAIT first: an expected child may end before it is adopted, and must not be lost.
        info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if info is None:
            return None
        pid, status = os.waitpid(info.si_pid, 0)
        return pid, os.waitstatus_to_exitcode(status)

    def _report(self, pid: int, code: int) -> None:
        future = self._codes.pop(pid, None)
        if future is not None and not future.done():
            future.set_result(code)


def _is_child(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _settle(process: subprocess.Popen[bytes], done: asyncio.Future[int]) -> None:
    # Popen must know that it was reaped, or its destructor keeps it for a later waitpid.
    process.returncode = -1 if done.cancelled() else done.result()
