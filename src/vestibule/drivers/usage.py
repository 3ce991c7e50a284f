"""What a machine's processes use of the host, read from /proc (proc(5)); implements ``UsageMeter``.

*Private* memory is what only this machine has: pages that it wrote (Private_Dirty) and what of them went to
swap.  It leaves out pages of programs and libraries that happen to be mapped once (Private_Clean): the page
cache holds them for whoever comes next, so they are not what one more clone costs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from vestibule.core.errors import HostUnfit
from vestibule.services.clone_bench import Usage

_PRIVATE = ("Private_Dirty:", "Private_Hugetlb:", "SwapPss:")


class ProcUsageMeter:
    """Adds up a process and all its descendants."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc

    def read(self, pid: int) -> Usage:
        """See services.clone_bench.UsageMeter."""
        private_bytes = sum(self._private_bytes(member) for member in self._tree(pid))
        return Usage(private_bytes=private_bytes, cpu_s=self.cpu_s(pid))

    def cpu_s(self, pid: int) -> float:
        """User and system time of a machine in seconds; ended children count through their parents."""
        return sum(self._cpu_ticks(member) for member in self._tree(pid)) / os.sysconf("SC_CLK_TCK")

    def _tree(self, root: int) -> Iterator[int]:
        children: dict[int, list[int]] = {}
        for folder in self._proc.glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended while we looked
                children.setdefault(int(self._stat(int(folder.name))[1]), []).append(int(folder.name))
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += children.get(pid, [])

    def _stat(self, pid: int) -> list[str]:
        """Fields of /proc/PID/stat from the third (state) on: the second may hold anything."""
        return (self._proc / str(pid) / "stat").read_text().rpartition(")")[2].split()

    def _cpu_ticks(self, pid: int) -> int:
        """User and system time, its own and of children that it has waited for (fields 14 to 17)."""
        try:
            return sum(int(field) for field in self._stat(pid)[11:15])
        except OSError:
            return 0

    def _private_bytes(self, pid: int) -> int:
        try:
            lines = (self._proc / str(pid) / "smaps_rollup").read_text().splitlines()
        except PermissionError as error:
            raise HostUnfit(
                f"the kernel does not let us read the memory of process {pid}",
                remedy="Run the bench as root.",
            ) from error
        except OSError:
            return 0
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_PRIVATE))
