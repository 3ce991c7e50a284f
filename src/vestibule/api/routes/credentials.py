"""Sealed credentials of the caller."""

from __future__ import annotations

from fastapi import APIRouter

from vestibule.api import present, schemas
from vestibule.api.context import Caller, Services
from vestibule.core.ids import CredentialId

router = APIRouter(tags=["credentials"])


@router.get("/api/credentials")
async def list_credentials(services: Services, caller: Caller) -> list[schemas.Credential]:
    """The caller's credentials, newest first, without their content."""
    return [present.credential(record) for record in await services.credentials.list(caller)]


@router.post("/api/credentials/{credential_id}/export")
async def export_credential(
    credential_id: str, services: Services, caller: Caller
) -> schemas.ExportedCredential:
    """Open the seal for the owner: the one answer that holds a secret.  Written to the audit log."""
    record, file = await services.credentials.export(caller, CredentialId(credential_id))
    return schemas.ExportedCredential(
        credential_id=record.credential_id,
        provider=record.provider,
        files=[schemas.ExportedFile(path=file.path, mode=file.mode, content=file.content)],
    )
