"""Measures what a person waits for at a paused machine: from a sign of interest until it runs."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable

from vestibule.core.ids import UserId, VmId
from vestibule.core.machines import DriverName
from vestibule.core.percentiles import Percentiles
from vestibule.services.machines import Machines

PAUSED_S = 0.2
"""How long it stands still each time: a freezer stops the last process within moments."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ResumeTimes:
    """What ``vestibule bench resume -o json`` prints; both in milliseconds, from the sign of interest on."""

    resume_ms: Percentiles
    answer_ms: Percentiles
    resumes: int


async def measure_resumes(
    machines: Machines, user_id: UserId, driver: DriverName, resumes: int, note: Callable[[str], None]
) -> ResumeTimes:
    """Pause and wake one machine so many times.  Raises MachineFailed when it does not go on."""
    vm_id = (await machines.start(user_id, driver=driver)).record.vm_id
    note(f"{vm_id} runs")
    running, answered = [], []
    for _ in range(resumes):
        one, other = await _resume(machines, vm_id)
        running.append(one)
        answered.append(other)
    await machines.destroy(vm_id)
    return ResumeTimes(
        resume_ms=Percentiles.of(running), answer_ms=Percentiles.of(answered, digits=1), resumes=resumes
    )


async def _resume(machines: Machines, vm_id: VmId) -> tuple[float, float]:
    await machines.pausing.pause(vm_id)
    await asyncio.sleep(PAUSED_S)
    begin = time.monotonic()
    await machines.pausing.wake(vm_id)
    running = time.monotonic() - begin
    await machines.guest(vm_id).health()
    return running * 1000, (time.monotonic() - begin) * 1000
