"""Machines and the way to look at them."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import APIRouter, WebSocket

from vestibule.api import present, schemas, vnc
from vestibule.api.context import Caller, Context, Services
from vestibule.api.deeds import CallersDeeds
from vestibule.api.doors import admitted, confirmed, shown
from vestibule.core.audit import AuditAction
from vestibule.core.errors import Conflict, VestibuleError
from vestibule.core.ids import VmId
from vestibule.core.machines import MachineRecord
from vestibule.services.golden_ports import GoldenInventory

router = APIRouter(tags=["machines"])


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
    """The right to open one of the machine's WebSockets once, within 30 s; empty until it has confirmed."""
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
        ticket=ticket.secret,
        websocket=f"/api/vm/{vm_id}/vnc",
        terminal=f"/api/vm/{vm_id}/terminal",
        copies=f"/api/vm/{vm_id}/clipboard/copies",
        expires_at=ticket.expires_at,
    )


@router.websocket("/api/vm/{vm_id}/vnc")
async def view_desktop(websocket: WebSocket, vm_id: str) -> None:
    """The desktop's RFB stream, for whoever brings an unused ticket of this machine."""
    machine = VmId(vm_id)
    services = await admitted(websocket, machine)
    if services is None:
        return
    async with shown(websocket, services, machine):
        with services.viewers.looking(machine):
            guest = await confirmed(websocket, services, machine)
            if guest is None:
                return
            rfb = await guest.open_vnc()
            used = partial(services.sign_ins.viewer_used, machine)
            async with vnc.owners_gate(used) as gate:
                await vnc.relay(websocket, rfb, gate, services.monitor.ledger)
