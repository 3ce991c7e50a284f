"""Whether the controller lives and is ready, its metrics, and what failed of late."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from vestibule.api import health_schemas, present_health
from vestibule.api.context import Caller, Services, bearer_of, require_caller

router = APIRouter(tags=["health"])

MOST_DAYS = 366
_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/livez")
async def livez() -> dict[str, str]:
    """Asks nobody who they are.  The event loop answers by itself: a controller that hangs does not."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": health_schemas.Ready}})
async def readyz(response: Response, services: Services) -> health_schemas.Ready:
    """Asks nobody who they are.  Whether sign-ins could be started now: 503 with what is missing if not."""
    found = present_health.ready(await services.monitor.ready.findings())
    response.status_code = 200 if found.ready else 503
    return found


async def _scraper(request: Request, services: Services) -> None:
    """The scrapers' token, or the operator."""
    if services.monitor.is_scraper(bearer_of(request)):
        return
    await services.accounts.require_operator(await require_caller(request, services))


@router.get("/metrics", response_class=Response, responses={200: {"content": {_CONTENT_TYPE: {}}}})
async def metrics(services: Services, _: Annotated[None, Depends(_scraper)]) -> Response:
    """Metrics in Prometheus' text format; for the operator and whoever has the scrapers' token."""
    return Response(await services.monitor.exposition(), headers={"Content-Type": _CONTENT_TYPE})


@router.get("/api/health/host")
async def read_host_health(services: Services, _: Caller) -> health_schemas.HostHealth:
    """Whether sign-ins could be started now, and what the host has left."""
    findings = await services.monitor.ready.findings()
    return present_health.host(findings, await asyncio.to_thread(services.monitor.host_facts))


@router.get("/api/health/failures")
async def read_failures(
    services: Services, caller: Caller, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7
) -> health_schemas.Failures:
    """Sign-ins that ended, by reason and golden: everybody's for the operator, the caller's for others."""
    return present_health.failures(await services.monitor.failures.seen_by(caller, days), days)
