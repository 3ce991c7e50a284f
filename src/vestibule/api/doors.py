"""WebSockets of a machine: who may open one, and with what words it ends."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator

import structlog
from fastapi import WebSocket

from vestibule.api import vnc
from vestibule.api.context import Context, context_of, same_origin
from vestibule.core.errors import VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.services.ports import Guest
from vestibule.services.racing import first_of

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
    """The owner looks on while the block runs; then the WebSocket is closed with the reason of its end.

    What they do there is theirs: no picture of the machine is kept from now on.
    """
    services.machines.expose(vm_id)
    async with ended_in_words(websocket, vm_id=vm_id) as end:
        async with services.machines.pausing.watched(vm_id):
            yield
        end.reason = vnc.MACHINE_ENDED


@dataclasses.dataclass
class End:
    """Of a view."""

    reason: str


@contextlib.asynccontextmanager
async def ended_in_words(websocket: WebSocket, **about: str) -> AsyncIterator[End]:
    """Close the WebSocket after the block with what ended it: its failure, or what it says itself.

    ``about``: whose view it is, for the log.
    """
    end = End(vnc.CONTROLLER_STOPS)
    try:
        yield end
    except VestibuleError as error:
        end.reason = error.failure_code
        log.warning("Remote view failed", code=error.failure_code, cause=error.cause, **about)
    except Exception:
        end.reason = FailureCode.INTERNAL
        log.exception("Remote view broke", **about)
    finally:
        await vnc.close(websocket, vnc.code_of(end.reason), end.reason)


async def confirmed(websocket: WebSocket, services: Context, vm_id: VmId) -> Guest | None:
    """The machine's agent, once it has confirmed itself; None when the viewer leaves before.

    Only while the viewer has nothing to say.  Raises Absent when the machine ends before.
    """
    return await first_of(left(websocket), services.machines.confirmed(vm_id))


async def left(websocket: WebSocket) -> None:
    """Wait until the viewer, who has nothing to say here, has gone."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
