"""Who waits for room, and what stands still meanwhile, as metrics."""

from __future__ import annotations

from collections.abc import Sequence

from vestibule.core.metrics import MACHINES_PAUSED, MACHINES_WARM, SESSIONS_WAITING, Sample
from vestibule.services.machines import Machines


async def room_gauges(machines: Machines) -> Sequence[Sample]:
    """How it is now."""
    return [
        Sample(metric=SESSIONS_WAITING, value=machines.admission.waiting),
        Sample(metric=MACHINES_PAUSED, value=machines.pausing.standing_still),
        Sample(metric=MACHINES_WARM, value=machines.warm_pool.ready),
    ]
