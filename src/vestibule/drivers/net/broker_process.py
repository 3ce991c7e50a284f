"""A broker's process, ours or an earlier controller's child: known by a handle, not by its number alone."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time

from vestibule.drivers import proc

_LAST_S = 5.0
"""For machines of a killed broker, which the kernel kills one after another."""


class BrokerProcess:
    """Holds a pidfd: what is ended is the very process, whoever got its number since."""

    def __init__(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        """Raises ProcessLookupError when it has ended, unless it is our child."""
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self._child = child

    def wait(self, timeout_s: float) -> bool:
        """Whether it has ended within this time.  Blocks."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def end(self, patience_s: float) -> None:
        """Return when it has ended: by itself within ``patience_s``, else killed.  Blocks."""
        if not self.wait(patience_s):
            self._kill()
            self.wait(_LAST_S)
        if self._child is not None:
            self._child.wait()
        os.close(self._handle)

    def end_with_machines(self) -> None:
        """Kill it; returns when its machines, which the kernel kills with it, have ended too.  Blocks."""
        machines = [one for one in proc.tree(self.pid) if one[0] != self.pid]
        self.end(0)
        deadline = time.monotonic() + _LAST_S
        for pid, started in machines:
            while proc.start_ticks(pid) == started and time.monotonic() < deadline:
                time.sleep(0.01)

    def leave(self) -> None:
        """Let it go on without us."""
        if self._child is not None:
            self._child.returncode = 0  # whoever becomes its parent reaps it; this is no forgotten child
        os.close(self._handle)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
