"""A machine's logs: for its owner and the operator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from vestibule.api import log_schemas as shapes
from vestibule.api.context import Caller, Context, Services
from vestibule.api.events import HEADERS
from vestibule.core.ids import VmId
from vestibule.services.machine_logs import LogTail

router = APIRouter(tags=["machines"])

LogName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.log$")]


@router.get("/api/vms/{vm_id}/logs")
async def list_logs(vm_id: str, services: Services, caller: Caller) -> list[shapes.LogFile]:
    """What may be read of a machine; nothing of one whose evidence was removed since."""
    await _require_visible(services, caller, vm_id)
    found = await services.logs.list(VmId(vm_id))
    return [shapes.LogFile(name=each.name, size_bytes=each.size_bytes) for each in found]


@router.get(
    "/api/vms/{vm_id}/logs/{log}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "model": shapes.LogTail}},
)
async def follow_log(vm_id: str, log: LogName, services: Services, caller: Caller) -> StreamingResponse:
    """Server-sent events: the end of the log, now and whenever it has grown, until it is over."""
    await _require_visible(services, caller, vm_id)
    await services.logs.require(VmId(vm_id), log)
    followed = services.logs.follow(VmId(vm_id), log)
    return StreamingResponse(_events(followed), media_type="text/event-stream", headers=HEADERS)


@router.get(
    "/api/vms/{vm_id}/screenshot",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def read_machine_screenshot(vm_id: str, services: Services, caller: Caller) -> Response:
    """What the desktop of a machine that failed showed, if that was kept."""
    await _require_visible(services, caller, vm_id)
    return Response(await services.logs.picture(VmId(vm_id)), media_type="image/png")


async def _require_visible(services: Context, caller: Caller, vm_id: str) -> None:
    await services.machines.of_owner(await services.tables.scope(caller), VmId(vm_id))


async def _events(followed: AsyncIterator[LogTail | None]) -> AsyncIterator[str]:
    async for tail in followed:
        if tail is None:
            yield ": still here\n\n"
            continue
        event = shapes.LogTail(text=tail.text, whole=tail.whole, ended=tail.ended)
        yield f"event: log\ndata: {event.model_dump_json()}\n\n"
