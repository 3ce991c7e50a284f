"""What a machine's processes use of the host; implements ``UsageMeter``.

*Private* memory is what only this machine has: pages that it wrote (Private_Dirty) and what of them went to
swap.  It leaves out pages of programs and libraries that happen to be mapped once (Private_Clean): the page
cache holds them for whoever comes next, so they are not what one more clone costs.
"""

from __future__ import annotations

from pathlib import Path

from vestibule.core.errors import HostUnfit
from vestibule.drivers import proc as kernel
from vestibule.services.clone_bench import Usage


class ProcUsageMeter:
    """Adds up a process and all its descendants."""

    def __init__(self, proc: Path = kernel.PROC) -> None:
        self._proc = proc

    def read(self, pid: int) -> Usage:
        """See services.clone_bench.UsageMeter."""
        try:
            private_bytes = sum(
                kernel.private_bytes(one, self._proc) for one, _ in kernel.tree(pid, self._proc)
            )
        except PermissionError as error:
            raise HostUnfit(
                f"the kernel does not let us read the memory of {error.filename}",
                remedy="Run the bench as root.",
            ) from error
        return Usage(private_bytes=private_bytes, cpu_s=self.cpu_s(pid))

    def cpu_s(self, pid: int) -> float:
        """User and system time of a machine in seconds; ended children count through their parents."""
        return sum(kernel.cpu_s(one, self._proc) for one, _ in kernel.tree(pid, self._proc))
