"""WebSockets of a machine: who may open one, and with what words it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine

import structlog
from fastapi import WebSocket

from vestibule.api import vnc
from vestibule.api.context import Context, context_of, same_origin
from vestibule.core.errors import VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId

log = structlog.get_logger()


async def admitted(websocket: WebSocket, vm_id: VmId) -> Context | None:
    """Accept it for whoever brings an unused ticket of this machine from our own page; else close it."""
    services = context_of(websocket)
    ticket = vnc.offered_ticket(websocket)
    if not same_origin(websocket, services.public_url):
        await vnc.refuse(websocket, FailureCode.FOREIGN_ORIGIN)
    elif ticket is None:
        await vnc.refuse(websocket, FailureCode.NOT_SIGNED_IN)
    elif await services.accounts.redeem_ticket(ticket, vm_id) is None:
        await vnc.refuse(websocket, FailureCode.VIEW_TICKET_INVALID)
    else:
        await websocket.accept(subprotocol=vnc.SUBPROTOCOL)
        return services
    return None


@contextlib.asynccontextmanager
async def shown(websocket: WebSocket, services: Context, vm_id: VmId) -> AsyncIterator[None]:
    """Somebody looks on while the block runs; then the WebSocket is closed with the reason of its end."""
    reason = vnc.CONTROLLER_STOPS
    try:
        async with services.machines.pausing.watched(vm_id):
            yield
        reason = vnc.MACHINE_ENDED
    except VestibuleError as error:
        reason = error.failure_code
        log.warning("Remote view failed", vm_id=vm_id, code=error.failure_code, cause=error.cause)
    finally:
        await vnc.close(websocket, vnc.code_of(reason), reason)


async def until_one_ends(*works: Coroutine[None, None, None]) -> None:
    """Do all of them until the first ends, the way it ends: raises what that one raises."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
