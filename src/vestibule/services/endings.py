"""Endings: every step is tried, whatever the ones before it came to.

A machine whose row cannot be written (a full disk) must be stopped all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.core.machines import DriverName
from vestibule.services.ports import Exit

log = structlog.get_logger()

Step = Callable[[], Awaitable[object]]


async def every_step(vm_id: VmId, *steps: Step) -> Sequence[Exception]:
    """Carry out the steps of a machine's end in order; what went wrong, logged and returned."""
    wrong: list[Exception] = []
    for step in steps:
        try:
            await step()
        except Exception as error:
            log.exception("A step of a machine's end failed", vm_id=vm_id)
            wrong.append(error)
    return wrong


def end_of(driver: DriverName, exit_: Exit) -> tuple[FailureCode, str]:
    """Code and cause of an end that nobody asked for.

    A virtual machine that shuts itself down lets QEMU end well; any other end of QEMU is its own.
    """
    if driver is DriverName.QEMU and (exit_.signal is not None or exit_.code):
        return FailureCode.VMM_CRASHED, f"QEMU, which ran the machine, ended by itself ({exit_})."
    return FailureCode.MACHINE_EXITED, f"The machine ended by itself ({exit_})."
