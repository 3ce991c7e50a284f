"""Explanations: what is learnt about a stage that failed, beside what it raised itself."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from vestibule.core.errors import MachineFailed
from vestibule.core.failures import FailureCode
from vestibule.services.introductions import Live
from vestibule.services.machines import Machines

log = structlog.get_logger()

EXIT_GRACE_S = 1.0
"""How long after its agent fell silent a machine may take to be known as ended."""

_SILENCE = frozenset({FailureCode.AGENT_UNREACHABLE, FailureCode.NO_IDENTITY_ACK})


async def explained(error: Exception, machines: Machines, live: Live | None) -> Exception:
    """An agent falls silent when its machine ends: then that is the failure, with its console.

    Never raises: the failure is told even when nothing more can be learnt about it.
    """
    if live is None or not isinstance(error, MachineFailed):
        return error
    try:
        return await _with_evidence(error, machines, live)
    except Exception:
        log.exception("Evidence could not be gathered", vm_id=live.record.vm_id)
        return error


async def _with_evidence(error: MachineFailed, machines: Machines, live: Live) -> MachineFailed:
    if error.failure_code in _SILENCE:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EXIT_GRACE_S):
                error = await machines.exited(live)
    error.evidence.setdefault("console", await machines.console(live))
    return error
