"""Endings: every step is tried, whatever the ones before it came to.

A machine whose row cannot be written (a full disk) must be stopped all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from vestibule.core.ids import VmId

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
