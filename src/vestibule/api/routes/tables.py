"""Tables that the store sorts, filters and pages; each may be followed as it changes."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from vestibule.api import present, tables
from vestibule.api import table_schemas as shapes
from vestibule.api.context import Caller, Context, Operator, Services
from vestibule.api.schemas import Stage
from vestibule.api.whole_events import whole
from vestibule.core.failure_records import of_session
from vestibule.core.ids import SessionId
from vestibule.core.records import SessionRecord
from vestibule.core.tables import SessionRow, TableName

router = APIRouter(tags=["tables"])

PAGE = "page"
"""The name of every event."""

Machines = Annotated[shapes.MachineQuery, Query()]
Sessions = Annotated[shapes.SessionQuery, Query()]
Credentials = Annotated[shapes.CredentialQuery, Query()]
Audit = Annotated[shapes.AuditQuery, Query()]


def _events(shape: type[shapes.TablePage]) -> dict[str, Any]:
    content: dict[str, object] = {"text/event-stream": {}}
    return {"response_class": StreamingResponse, "responses": {200: {"content": content, "model": shape}}}


@router.get("/api/tables/machines")
async def machine_table(query: Machines, services: Services, caller: Caller) -> shapes.MachinesPage:
    """Machines: everybody's for the operator, the caller's for others."""
    return await tables.machines(services, caller, query)


@router.get("/api/tables/machines/events", **_events(shapes.MachinesPage))
async def follow_machine_table(query: Machines, services: Services, caller: Caller) -> StreamingResponse:
    """Server-sent events: the same page, now and whenever it has become another."""
    read = partial(tables.machines, services, caller, query)
    return whole(PAGE, partial(services.tables.changes, TableName.MACHINES), read)


@router.get("/api/tables/sessions")
async def session_table(query: Sessions, services: Services, caller: Caller) -> shapes.SessionsPage:
    """Sign-ins: everybody's for the operator, the caller's for others."""
    return await tables.sessions(services, caller, query)


@router.get("/api/tables/sessions/events", **_events(shapes.SessionsPage))
async def follow_session_table(query: Sessions, services: Services, caller: Caller) -> StreamingResponse:
    """Server-sent events: the same page, now and whenever it has become another."""
    read = partial(tables.sessions, services, caller, query)
    return whole(PAGE, partial(services.tables.changes, TableName.SESSIONS), read)


@router.get("/api/tables/sessions/{session_id}")
async def read_listed_session(session_id: str, services: Services, caller: Caller) -> shapes.SessionDetail:
    """What became of a sign-in: for its owner and the operator."""
    scope = await services.tables.scope(caller)
    record = await services.sign_ins.visible(scope, SessionId(session_id))
    stages, _ = await services.sign_ins.history(record.session_id)
    return shapes.SessionDetail(
        session=tables.session(await _listed(services, record)),
        failure=present.failure(of_session(record)),
        stages=[Stage(status=stage.status, at=stage.at) for stage in stages],
    )


async def _listed(services: Context, record: SessionRecord) -> SessionRow:
    return SessionRow(
        session_id=record.session_id,
        owner=await services.accounts.name_of(record.user_id),
        provider=record.provider,
        status=record.status,
        driver=record.driver,
        vm_id=record.vm_id,
        golden_id=record.golden_id,
        error_code=record.error_code,
        error_cause=record.error_cause,
        error_remedy=record.error_remedy,
        created_at=record.created_at,
        completed_at=record.completed_at,
    )


@router.get("/api/tables/credentials")
async def credential_table(query: Credentials, services: Services, caller: Caller) -> shapes.CredentialsPage:
    """Credentials without their content: everybody's for the operator, the caller's for others."""
    return await tables.credentials(services, caller, query)


@router.get("/api/tables/credentials/events", **_events(shapes.CredentialsPage))
async def follow_credential_table(
    query: Credentials, services: Services, caller: Caller
) -> StreamingResponse:
    """Server-sent events: the same page, now and whenever it has become another."""
    read = partial(tables.credentials, services, caller, query)
    return whole(PAGE, partial(services.tables.changes, TableName.CREDENTIALS), read)


@router.get("/api/tables/audit")
async def audit_table(query: Audit, services: Services, _: Operator) -> shapes.AuditPage:
    """Who did what; for the operator."""
    return await tables.audit(services, query)


@router.get("/api/tables/audit/events", **_events(shapes.AuditPage))
async def follow_audit_table(query: Audit, services: Services, _: Operator) -> StreamingResponse:
    """Server-sent events: the same page, now and whenever it has become another."""
    read = partial(tables.audit, services, query)
    return whole(PAGE, partial(services.tables.changes, TableName.AUDIT), read)
