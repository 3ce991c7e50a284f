"""Late checks: what a machine's confirmation left open is looked at until it is there.

A container's browser takes seconds longer than its screen; a person who looks on need not wait for it, and a
machine whose browser never comes has failed all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vestibule.core.diagnosis import require_checks
from vestibule.core.errors import MachineFailed
from vestibule.services.introductions import Live
from vestibule.services.liveness import NO_ANSWER
from vestibule.services.ports import Guest

AGAIN_S = 0.2
"""Between two questions: the agent itself waits a moment for what is coming before it answers."""


async def made_up_for(live: Live, guest: Guest, *, limit_s: float, seconds: Callable[[], float]) -> None:
    """Return once the open checks have passed; at once when there is none.

    An agent that is too busy to answer is asked again.  Raises MachineFailed with the code of a check that
    still fails after ``limit_s``, or as ``Guest.health``.
    """
    deadline = seconds() + limit_s
    while live.pending:
        try:
            checks = (await guest.health()).checks
        except MachineFailed as error:
            if error.failure_code not in NO_ANSWER or seconds() >= deadline:
                raise
            await asyncio.sleep(AGAIN_S)
            continue
        passed = {check.name for check in checks if check.ok}
        if passed >= live.pending:
            live.pending = frozenset()
        elif seconds() >= deadline:
            require_checks([check for check in checks if check.name in live.pending], live.pending)
        else:
            await asyncio.sleep(AGAIN_S)
