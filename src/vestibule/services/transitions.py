"""Transitions of a session that are more than a state: each is one transaction with all that it promises."""

from __future__ import annotations

import structlog

from vestibule.core.audit import AuditAction
from vestibule.core.errors import KEY_RETIRED, Conflict
from vestibule.core.records import CredentialRecord, SessionRecord
from vestibule.services.introductions import Live
from vestibule.services.sign_in_world import World

log = structlog.get_logger()


async def complete(world: World, seen: SessionRecord, credential: CredentialRecord) -> SessionRecord:
    """Store the sealed credential, and that the session is completed.  Raises Conflict ``state_changed``."""
    done = await _stored(world, seen, credential)
    world.audit.note(
        AuditAction.CREDENTIAL_SEALED,
        subject=credential.credential_id,
        actor_id=credential.user_id,
        detail=credential.provider,
    )
    return done


async def _stored(world: World, seen: SessionRecord, credential: CredentialRecord) -> SessionRecord:
    store, now = world.sessions.complete, world.clock.now()
    try:
        return await store(seen.session_id, credential, seen=seen.status, at=now)
    except Conflict as error:
        if error.failure_code != KEY_RETIRED:
            raise
    # Between the seal and the row, the master key was rotated; the guest gives its credential only once.
    again = world.credentials.rewrapped(credential)
    return await store(seen.session_id, again, seen=seen.status, at=now)


async def machine_running(world: World, seen: SessionRecord, live: Live, page_url: str) -> SessionRecord:
    """Store that the session has a machine that runs, on both rows.  Raises Conflict ``state_changed``."""
    machine, now = live.record, world.clock.now()
    record = await world.pair.machine_running(
        seen.session_id,
        machine.vm_id,
        at=now,
        session_fields={
            "browser_vm_id": machine.vm_id,
            "vm_id": machine.vm_id,
            "vm_ip": machine.vm_ip,
            "vnc_url": page_url,
            "driver": machine.driver,
            "isolation": machine.isolation,
            "golden_id": machine.golden_id,
        },
        machine_fields=world.machines.running_fields(live),
    )
    log.info(
        "Browser VM created successfully",
        vm_id=machine.vm_id,
        vm_ip=machine.vm_ip,
        session_id=record.session_id,
        golden_id=machine.golden_id,
        duration_ms=round((now - record.created_at).total_seconds() * 1000),
    )
    return record
