"""Memory and processor time of the machines that live, read from /proc."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vestibule.core.ids import VmId
from vestibule.core.machines import MachineRecord
from vestibule.core.metrics import MACHINES_CPU, MACHINES_MEMORY, Sample
from vestibule.drivers.proc import start_ticks
from vestibule.services.clone_bench import Usage, UsageMeter
from vestibule.services.meter import Meter


class MachineUsage:
    """One per controller: remembers how much processor time it has counted of each machine."""

    def __init__(
        self, usage: UsageMeter, meter: Meter, started: Callable[[int], int | None] = start_ticks
    ) -> None:
        """``started``: the start of a process in clock ticks, None when there is none of this number."""
        self._usage = usage
        self._meter = meter
        self._started = started
        self._cpu_s: dict[VmId, float] = {}

    def read(self, machines: Sequence[MachineRecord]) -> Sequence[Sample]:
        """Of these, which are all that live.  Blocks.  Raises HostUnfit when the kernel lets nobody look."""
        memory: dict[str, float] = {}
        found = {row.vm_id: (row, self._of(row)) for row in machines}
        for row, usage in found.values():
            if usage is not None:
                memory[row.driver] = memory.get(row.driver, 0) + usage.private_bytes
                self._count_cpu(row, usage.cpu_s)
        self._cpu_s = {vm_id: spent for vm_id, spent in self._cpu_s.items() if vm_id in found}
        return [
            Sample(metric=MACHINES_MEMORY, labels=(driver,), value=sum_) for driver, sum_ in memory.items()
        ]

    def _of(self, row: MachineRecord) -> Usage | None:
        """None of one that has no process, or whose number is another program's by now."""
        if row.pid is None or self._started(row.pid) != row.pid_started:
            return None
        return self._usage.read(row.pid)

    def _count_cpu(self, row: MachineRecord, cpu_s: float) -> None:
        before = self._cpu_s.get(row.vm_id, 0.0)
        if cpu_s > before:  # less: a process has ended whose time nobody took over
            self._meter.count(MACHINES_CPU, row.driver, by=cpu_s - before)
            self._cpu_s[row.vm_id] = cpu_s
