"""Sealed credentials of the caller, and who holds them."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from vestibule.api import credential_schemas, present
from vestibule.api.context import Caller, Operator, Services
from vestibule.api.deeds import CallersDeeds
from vestibule.api.events import credentials_stream, shown
from vestibule.core.audit import AuditAction
from vestibule.core.ids import CredentialId
from vestibule_agent.protocol import CredentialFile

router = APIRouter(tags=["credentials"])

_CREDENTIAL = "/api/credentials/{credential_id}"


@router.get("/api/credentials")
async def list_credentials(services: Services, caller: Caller) -> list[credential_schemas.Credential]:
    """The caller's credentials, newest first, without their content; not those that were deleted."""
    return [shown(services, record) for record in await services.credentials.list(caller)]


@router.get(
    "/api/credentials/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "model": credential_schemas.CredentialsEvent}},
)
async def follow_credentials(services: Services, caller: Caller) -> StreamingResponse:
    """Server-sent events: the same list, now and after every change, a warning of an end included."""
    return credentials_stream(services, caller)


@router.get(_CREDENTIAL)
async def read_credential(
    credential_id: str, services: Services, caller: Caller
) -> credential_schemas.CredentialDetail:
    """One credential without its content: who holds it since when, and who did before."""
    record, history = await services.credentials.read(caller, CredentialId(credential_id))
    return present.credential_detail(record, history, soon=services.forecasts.expires_soon(record))


@router.post(f"{_CREDENTIAL}/export")
async def export_credential(
    credential_id: str, services: Services, caller: Caller, deeds: CallersDeeds
) -> credential_schemas.ExportedCredential:
    """Open the seal for the owner: a copy, whoever holds it.  Written into the audit before the answer."""
    async with deeds.doing(AuditAction.CREDENTIAL_EXPORTED, credential_id) as deed:
        record, file = await services.credentials.export(caller, CredentialId(credential_id))
        deed.detail = record.provider
    return present.opened(record, file)


@router.post(f"{_CREDENTIAL}/checkout")
async def check_out_credential(
    credential_id: str,
    body: credential_schemas.CheckOut,
    services: Services,
    caller: Caller,
    deeds: CallersDeeds,
) -> credential_schemas.ExportedCredential:
    """Open the seal for one holder; nobody else gets it until it is returned."""
    async with deeds.doing(AuditAction.CREDENTIAL_CHECKED_OUT, credential_id, body.holder):
        record, file = await services.custodian.check_out(caller, CredentialId(credential_id), body.holder)
    return present.opened(record, file)


@router.post(f"{_CREDENTIAL}/return")
async def return_credential(
    credential_id: str,
    body: credential_schemas.Return,
    services: Services,
    caller: Caller,
    deeds: CallersDeeds,
) -> credential_schemas.Credential:
    """Take it back, with the files that the holder refreshed: what is older than the vault's is refused."""
    files = [CredentialFile(path=f.path, mode=0, content=f.content) for f in body.files or []]
    async with deeds.doing(AuditAction.CREDENTIAL_RETURNED, credential_id, body.holder):
        record = await services.custodian.return_(caller, CredentialId(credential_id), body.holder, files)
    return shown(services, record)


@router.post(f"{_CREDENTIAL}/refuse")
async def refuse_credential(
    credential_id: str,
    body: credential_schemas.Refuse,
    services: Services,
    caller: Caller,
    deeds: CallersDeeds,
) -> credential_schemas.Credential:
    """Take back what the provider did not accept any more: it stays as it is kept, in doubt."""
    async with deeds.doing(AuditAction.CREDENTIAL_REFUSED, credential_id, body.holder):
        back = await services.custodian.return_refused(caller, CredentialId(credential_id), body.holder)
    return shown(services, back)


@router.delete(_CREDENTIAL)
async def delete_credential(
    credential_id: str, services: Services, caller: Caller, deeds: CallersDeeds
) -> credential_schemas.Credential:
    """Delete its content, whoever holds it; its history stays."""
    async with deeds.doing(AuditAction.CREDENTIAL_REVOKED, credential_id) as deed:
        gone = await services.custodian.delete(caller, CredentialId(credential_id))
        deed.detail = gone.provider
    return shown(services, gone)


@router.post("/api/vault/rotation")
async def rotate_master_key(
    services: Services, operator: Operator, deeds: CallersDeeds
) -> credential_schemas.Rotation:
    """Begin to exchange the master key, or go on with that: a batch of credentials for each call.

    Call it again until nothing remains.  Operator only; written into the audit.
    """
    async with deeds.doing(AuditAction.KEY_ROTATED) as deed:
        progress = await services.rotation.rotate(operator)
        deed.subject = progress.key_id
        deed.detail = "finished" if progress.finished else f"{progress.remaining} credentials remain"
    return present.rotation(progress)
