"""What charts show: the host's last hours, and how long machines took to start."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from vestibule.api import history_schemas as shapes
from vestibule.api.context import Caller, Services
from vestibule.api.routes.health import MOST_DAYS
from vestibule.api.whole_events import whole
from vestibule.core.start_times import BOUNDS_S
from vestibule.services.host_history import EVERY_S, HostHistory

router = APIRouter(tags=["health"])


@router.get("/api/health/host/history")
async def read_host_history(services: Services, _: Caller) -> shapes.HostHistory:
    """Processors and memory of the host, sample by sample."""
    return _shown(services.monitor.history)


@router.get(
    "/api/health/host/history/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "model": shapes.HostHistory}},
)
async def follow_host_history(services: Services, _: Caller) -> StreamingResponse:
    """Server-sent events: the same, now and after every sample."""
    history = services.monitor.history

    async def read() -> shapes.HostHistory:
        return _shown(history)

    return whole("history", history.changes, read)


@router.get("/api/health/starts")
async def read_starts(
    services: Services, caller: Caller, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7
) -> shapes.Starts:
    """How long machines took to start, by golden: everybody's for the operator, the caller's for others."""
    seen = await services.monitor.starts.seen_by(caller, days)
    return shapes.Starts(
        days=days,
        of_everybody=seen.of_everybody,
        bounds_s=list(BOUNDS_S),
        goldens=[shapes.StartTimes(**dataclasses.asdict(each)) for each in seen.goldens],
    )


def _shown(history: HostHistory) -> shapes.HostHistory:
    samples = [shapes.HostSample(**dataclasses.asdict(each)) for each in history.samples]
    return shapes.HostHistory(host=history.host, every_s=EVERY_S, samples=samples)
