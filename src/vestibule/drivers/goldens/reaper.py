"""Runs one program of a build; when the build ends, however it does, all that came of the program ends too.

::

    builder ─▶ reaper ─▶ program ─▶ its children ─▶ …
       ╳ killed: the kernel tells the reaper (PR_SET_PDEATHSIG), which is also who orphans below it come to
         (PR_SET_CHILD_SUBREAPER): the program may clean up, then everything is killed until nothing is left

A script of its own with few imports, run by path: it is started for every program of a build.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from types import FrameType

_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
"""prctl(2)."""
_GRACE_S = 3.0
"""For the program to remove its own temporary files."""
_LOOK_S = 0.01
_NOT_FOUND, _NOT_RUN = 127, 126


class _Ended(BaseException):
    """Whoever started this has ended, or wants this to end."""


def main(argv: list[str]) -> int:
    """``argv``: pid of the builder, program, arguments.  Exit code: the program's, 128 + n for signal n."""
    builder, program = int(argv[0]), argv[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, _end)
    child = 0
    try:
        if os.getppid() != builder:  # it ended before the kernel was asked to tell
            return 128 + signal.SIGTERM
        child = os.posix_spawnp(program[0], program, os.environ, setsigmask=())
        return _code_of(child)
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUN
    except _Ended:
        _ask_to_end(child)
        return 128 + signal.SIGTERM
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _kill_all()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended


def _code_of(child: int) -> int:
    """Reap whatever ends until the program itself has."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _ask_to_end(child: int) -> None:
    if not child:
        return
    deadline = time.monotonic() + _GRACE_S
    try:
        os.kill(child, signal.SIGTERM)
        while os.waitpid(child, os.WNOHANG)[0] == 0 and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
    except (ProcessLookupError, ChildProcessError):
        return


def _kill_all() -> None:
    """Kill children until there are none: those of a killed one become ours."""
    while children := _children():
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for pid in children:
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                continue


def _children() -> list[int]:
    own = os.getpid()
    running = [name for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (as below)
    return [int(name) for name in running if _parent(name) == own]


def _parent(pid: str) -> int | None:
    """Field 4 of proc_pid_stat(5), behind the name in parentheses; None when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 (no pathlib: each import costs every program)
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
