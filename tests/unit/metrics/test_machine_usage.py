"""Memory and processor time of machines: of real processes, and of nobody else's."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from exposition import read
from lab import Lab

from vestibule.core.machines import DriverName, MachineRecord
from vestibule.core.metrics import MACHINES_MEMORY
from vestibule.drivers.metrics.machine_usage import MachineUsage
from vestibule.drivers.metrics.prometheus import PrometheusMeter
from vestibule.drivers.proc import start_ticks
from vestibule.drivers.usage import ProcUsageMeter
from vestibule.services.clone_bench import Usage

pytestmark = pytest.mark.anyio
BUSY = "x = bytearray(32 << 20)\nprint('up', flush=True)\nwhile True: pass"


@pytest.fixture
def busy() -> Iterator[int]:
    """A process that has 32 MiB and never rests."""
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.fixture
async def row(lab: Lab) -> MachineRecord:
    return (await lab.machines.start(lab.ann.user_id, driver=None)).record


def cpu_s(ledger: PrometheusMeter) -> float:
    return read(ledger.text([]).decode()).get(("vestibule_machines_cpu_seconds_total", ("fake",)), 0.0)


async def test_a_machine_s_processes_are_read(row: MachineRecord, busy: int) -> None:
    ledger = PrometheusMeter()
    usage = MachineUsage(ProcUsageMeter(), ledger)
    machine = dataclasses.replace(row, pid=busy, pid_started=start_ticks(busy))
    (sample,) = usage.read([machine])
    assert (sample.metric, sample.labels) == (MACHINES_MEMORY, (DriverName.FAKE,))
    assert 32 << 20 <= sample.value < 128 << 20
    first, deadline = cpu_s(ledger), time.monotonic() + 10
    while cpu_s(ledger) <= first and time.monotonic() < deadline:
        usage.read([machine])
    assert cpu_s(ledger) > first


async def test_a_number_that_is_another_program_s_by_now_is_not_read(row: MachineRecord, busy: int) -> None:
    reused = dataclasses.replace(row, pid=busy, pid_started=1)
    never_ran = dataclasses.replace(row, pid=None, pid_started=None)
    assert list(MachineUsage(ProcUsageMeter(), PrometheusMeter()).read([reused, never_ran])) == []


async def test_what_a_child_took_along_is_not_counted_back(row: MachineRecord) -> None:
    spent = iter((5.0, 3.0, 6.0))

    class Falling:
        def read(self, _pid: int) -> Usage:
            return Usage(private_bytes=1, cpu_s=next(spent))

    ledger = PrometheusMeter()
    usage = MachineUsage(Falling(), ledger, started=lambda _: 7)
    machine = dataclasses.replace(row, pid=4, pid_started=7)
    told = []
    for _ in range(3):
        usage.read([machine])
        told.append(cpu_s(ledger))
    assert told == [5.0, 5.0, 6.0]
