"""Machines and the way to look at them."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog
from fastapi import APIRouter, WebSocket

from vestibule.api import present, schemas, vnc
from vestibule.api.context import Caller, Context, Services, context_of, same_origin
from vestibule.api.deeds import CallersDeeds
from vestibule.core.audit import AuditAction
from vestibule.core.errors import Conflict, VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.ids import VmId
from vestibule.core.machines import MachineRecord
from vestibule.services.golden_ports import GoldenInventory

router = APIRouter(tags=["machines"])
log = structlog.get_logger()


@router.get("/api/vms")
async def list_machines(services: Services, caller: Caller) -> list[schemas.Machine]:
    """The caller's machines, newest first."""
    return [_shown(services, record) for record in await services.machines.of_user(caller.user_id)]


def _shown(services: Context, record: MachineRecord) -> schemas.Machine:
    return present.machine(record, paused=services.machines.pausing.paused(record.vm_id))


@router.post("/api/vms", status_code=201)
async def start_machine(
    body: schemas.StartMachine, services: Services, caller: Caller, deeds: CallersDeeds
) -> schemas.Machine:
    """Start a machine without a sign-in; answers when its agent has confirmed."""
    async with deeds.doing(AuditAction.MACHINE_STARTED) as deed:
        live = await services.machines.start(caller.user_id, driver=body.driver)
        deed.subject = live.record.vm_id
    return _shown(services, live.record)


@router.get("/api/vms/{vm_id}")
async def read_machine(vm_id: str, services: Services, caller: Caller) -> schemas.Machine:
    """Read a machine, and what it was cloned from: one's own; the operator, anybody's."""
    record = await services.machines.of_owner(await services.tables.scope(caller), VmId(vm_id))
    return await asyncio.to_thread(_with_golden, services.goldens, record, _shown(services, record))


def _with_golden(
    goldens: GoldenInventory, record: MachineRecord, machine: schemas.Machine
) -> schemas.Machine:
    """Without it when the golden was collected since."""
    try:
        manifest, provenance = goldens.manifest(record.golden_id), goldens.provenance(record.golden_id)
    except VestibuleError:
        return machine
    return present.machine_with_golden(machine, manifest, provenance)


@router.delete("/api/vms/{vm_id}")
async def stop_machine(
    vm_id: str, services: Services, caller: Caller, deeds: CallersDeeds
) -> schemas.Machine:
    """End a machine.  One that serves a sign-in ends that too; one that has ended stays as it is."""
    async with deeds.doing(AuditAction.MACHINE_STOPPED, vm_id):
        record = await services.machines.of_owner(caller.user_id, VmId(vm_id))
        if record.session_id is not None:
            await services.sign_ins.cancel(caller, record.session_id)
        await services.machines.destroy(record.vm_id)
    return _shown(services, await services.machines.of_owner(caller.user_id, record.vm_id))


@router.post("/api/vm/{vm_id}/view-ticket", status_code=201)
async def view_ticket(vm_id: str, services: Services, caller: Caller) -> schemas.ViewTicket:
    """The right to open the remote view once, within 30 s; it is empty until the machine has confirmed."""
    record = await services.machines.of_owner(caller.user_id, VmId(vm_id))
    if record.warmth is not None:
        raise Conflict(
            f"The machine {vm_id} is in the warm pool: it is nobody's yet, and nobody may look at it.",
            remedy="Start a machine: vestibule vm start.",
            code="machine_unconfirmed",
        )
    services.machines.live(record.vm_id)
    await services.machines.pausing.wake(record.vm_id)
    ticket = await services.accounts.issue_ticket(caller, record.vm_id)
    return schemas.ViewTicket(
        ticket=ticket.secret, websocket=f"/api/vm/{vm_id}/vnc", expires_at=ticket.expires_at
    )


@router.websocket("/api/vm/{vm_id}/vnc")
async def view_desktop(websocket: WebSocket, vm_id: str) -> None:
    """The desktop's RFB stream, for whoever brings an unused ticket of this machine."""
    services = context_of(websocket)
    ticket = vnc.offered_ticket(websocket)
    if not same_origin(websocket, services.public_url):
        await vnc.refuse(websocket, FailureCode.FOREIGN_ORIGIN)
    elif ticket is None:
        await vnc.refuse(websocket, FailureCode.NOT_SIGNED_IN)
    elif await services.accounts.redeem_ticket(ticket, VmId(vm_id)) is None:
        await vnc.refuse(websocket, FailureCode.VIEW_TICKET_INVALID)
    else:
        await websocket.accept(subprotocol=vnc.SUBPROTOCOL)
        await _show(websocket, services, VmId(vm_id))


async def _show(websocket: WebSocket, services: Context, vm_id: VmId) -> None:
    reason = vnc.CONTROLLER_STOPS
    try:
        with services.viewers.looking(vm_id):
            await _relay(websocket, services, vm_id)
        reason = vnc.MACHINE_ENDED
    except VestibuleError as error:
        reason = error.failure_code
        log.warning("Remote view failed", vm_id=vm_id, code=error.failure_code, cause=error.cause)
    finally:
        await vnc.close(websocket, vnc.code_of(reason), reason)


async def _relay(websocket: WebSocket, services: Context, vm_id: VmId) -> None:
    used = partial(services.sign_ins.viewer_used, vm_id)
    async with services.machines.pausing.watched(vm_id):
        rfb = await (await services.machines.confirmed(vm_id)).open_vnc()
        async with vnc.owners_gate(used) as gate:
            await vnc.relay(websocket, rfb, gate, services.monitor.ledger)
