"""How the broker pauses a machine's processes: by the freezer of its control group, else by signals.

A frozen process notices nothing.  A stopped one does not either, as long as its parent is stopped with it and
woken after it; it is the second choice because a program may look at its own state.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Protocol

from vestibule.drivers import proc


class Pause(Protocol):
    """Both are idempotent."""

    def pause(self) -> None:
        """Stop every process.  Raises OSError."""
        ...

    def resume(self) -> None:
        """Let every process go on.  Raises OSError."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Freezer:
    """A control group's own switch; a machine of root's cannot reach it, the broker has it by descriptor."""

    def __init__(self, file: int, freeze: str, thaw: str) -> None:
        self._file = os.dup(file)
        self._freeze = freeze.encode()
        self._thaw = thaw.encode()

    def pause(self) -> None:
        """See Pause: the kernel stops them one by one, within moments."""
        os.pwrite(self._file, self._freeze, 0)

    def resume(self) -> None:
        """See Pause."""
        os.pwrite(self._file, self._thaw, 0)

    def close(self) -> None:
        """See Pause."""
        os.close(self._file)


class Signals:
    """SIGSTOP and SIGCONT to a process and all that it and its children started."""

    def __init__(self, first: int) -> None:
        self._first = first

    def pause(self) -> None:
        """See Pause: until no process is found that was not stopped, as they fork meanwhile."""
        stopped: set[tuple[int, int]] = set()
        while fresh := [one for one in proc.tree(self._first) if one not in stopped]:
            for pid, started in fresh:
                _signal(pid, started, signal.SIGSTOP)
            stopped.update(fresh)

    def resume(self) -> None:
        """See Pause: children before their parents, which would otherwise see that they were stopped."""
        for pid, started in reversed(list(proc.tree(self._first))):
            _signal(pid, started, signal.SIGCONT)

    def close(self) -> None:
        """See Pause: it holds nothing."""


def _signal(pid: int, started: int, number: signal.Signals) -> None:
    """To the very process that was seen, not to a later one of its number."""
    with contextlib.suppress(ProcessLookupError), _handle(pid) as handle:
        if proc.start_ticks(pid) == started:
            signal.pidfd_send_signal(handle, number)


@contextlib.contextmanager
def _handle(pid: int) -> Iterator[int]:
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)
