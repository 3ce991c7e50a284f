"""What there is: providers, and the host."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request

from vestibule.api import credential_schemas, present, schemas
from vestibule.api.context import Caller, Services
from vestibule.core.sessions import FINAL

router = APIRouter(tags=["catalogue"])


@router.get("/api/openapi.json", include_in_schema=False)
async def read_document(request: Request, _: Caller) -> dict[str, Any]:
    """The OpenAPI document of this very controller."""
    return dict(request.app.openapi())


@router.get("/api/providers")
async def list_providers(services: Services, caller: Caller) -> list[credential_schemas.Provider]:
    """Every tool, with the caller's newest credential and open session for it."""
    newest = {
        item.provider: present.credential(item, soon=services.forecasts.expires_soon(item))
        for item in reversed(await services.credentials.list(caller))
    }
    sessions = await services.sign_ins.list(caller)
    open_ = {record.provider: record for record in sessions if record.status not in FINAL}
    return [
        present.provider(declared, services.doubts.get(name), newest.get(name), open_.get(name))
        for name, declared in services.providers.items()
    ]


@router.get("/api/host")
async def read_host(services: Services, _: Caller) -> schemas.Host:
    """How machines are run here, and why; the same checks as ``vestibule doctor``."""
    return present.host(services.host, await services.host.checks(), version("vestibule"))
