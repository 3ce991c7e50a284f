"""What a viewer passes to and from a machine besides its picture."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from vestibule.api import terminal, viewing_schemas
from vestibule.api.context import Caller, Context, Services
from vestibule.api.deeds import CallersDeeds
from vestibule.api.doors import admitted, left, shown
from vestibule.core.audit import AuditAction
from vestibule.core.errors import BadInput
from vestibule.core.ids import VmId
from vestibule.services.racing import first_of
from vestibule_agent.file_names import name_of
from vestibule_agent.protocol import DownloadsFile
from vestibule_agent.terminal_frames import COLUMNS, ROWS

router = APIRouter(tags=["viewing"])

_MACHINE = "/api/vm/{vm_id}"
_FILE = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_BODY = {**_FILE, "required": True}


@router.put(f"{_MACHINE}/clipboard", status_code=204)
async def set_clipboard(
    vm_id: str, body: viewing_schemas.ClipboardText, services: Services, caller: Caller
) -> None:
    """Have every paste in the machine give this text; answers once it does."""
    await services.viewing.set_clipboard(caller.user_id, VmId(vm_id), body.text)


@router.websocket(f"{_MACHINE}/clipboard/copies")
async def follow_copies(
    websocket: WebSocket, vm_id: str, after: Annotated[int | None, Query(ge=0)] = None
) -> None:
    """Each text that is copied in the machine, as ``Copied``; with ``after``, the last one since then."""
    services = await admitted(websocket, VmId(vm_id))
    if services is not None:
        async with shown(websocket, services, VmId(vm_id)):
            telling = _tell_copies(websocket, services, VmId(vm_id), after)
            await first_of(left(websocket), telling)


async def _tell_copies(websocket: WebSocket, services: Context, vm_id: VmId, after: int | None) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        async for copied in services.viewing.copies(vm_id, after):
            told = viewing_schemas.Copied(number=copied.number, text=copied.text)
            await websocket.send_text(told.model_dump_json())


@router.websocket(f"{_MACHINE}/terminal")
async def view_terminal(
    websocket: WebSocket,
    vm_id: str,
    columns: Annotated[int, Query(ge=COLUMNS.start, lt=COLUMNS.stop)] = 80,
    rows: Annotated[int, Query(ge=ROWS.start, lt=ROWS.stop)] = 24,
) -> None:
    """The tool's terminal, in a size of its own, for whoever brings an unused ticket of this machine."""
    machine = VmId(vm_id)
    services = await admitted(websocket, machine)
    if services is None:
        return
    async with shown(websocket, services, machine):
        guest = await services.machines.guest(machine).open_terminal(columns, rows)
        used = partial(services.sign_ins.viewer_used, machine)
        typed = partial(services.viewing.typed, machine)
        await terminal.relay(websocket, guest, used, typed, services.monitor.ledger)


@router.get(f"{_MACHINE}/files")
async def list_files(vm_id: str, services: Services, caller: Caller) -> viewing_schemas.Downloads:
    """What is in the machine's Downloads, and what may pass."""
    found = await services.viewing.files(caller.user_id, VmId(vm_id))
    policy = services.viewing.policy
    return viewing_schemas.Downloads(
        upload=policy.upload,
        download=policy.download,
        max_bytes=policy.max_bytes,
        files=[_shown(file) for file in found],
    )


def _shown(file: DownloadsFile) -> viewing_schemas.DownloadsFile:
    return viewing_schemas.DownloadsFile(
        file=file.file,
        name=file.name,
        size=file.size,
        modified_at=dt.datetime.fromisoformat(file.modified_at),
    )


@router.post(f"{_MACHINE}/files", status_code=201, openapi_extra={"requestBody": _BODY})
async def upload_file(
    vm_id: str,
    name: Annotated[str, Query(min_length=1, max_length=255)],
    request: Request,
    services: Services,
    deeds: CallersDeeds,
) -> viewing_schemas.DownloadsFile:
    """Put a file into the machine's Downloads: the body, with its Content-Length.

    Beside one of its name it gets another.  Nothing of it is left there unless all of it came.
    """
    size = _length(request)
    async with deeds.doing(AuditAction.FILE_UPLOADED, vm_id, f"{name}, {size} bytes") as deed:
        file = await services.viewing.upload(deeds.actor_id, VmId(vm_id), name, size, _body(request))
        deed.detail = f"{file.name}, {file.size} bytes"
    return _shown(file)


def _length(request: Request) -> int:
    told = request.headers.get("content-length", "")
    if not told.isdigit():
        raise BadInput("A file comes with its length.", remedy="Send it with Content-Length.")
    return int(told)


async def _body(request: Request) -> AsyncIterator[bytes]:
    """As much of it as comes."""
    with contextlib.suppress(ClientDisconnect):
        async for chunk in request.stream():
            yield chunk


@router.get(f"{_MACHINE}/files/{{file}}", response_class=StreamingResponse, responses={200: {**_FILE}})
async def download_file(vm_id: str, file: str, services: Services, deeds: CallersDeeds) -> StreamingResponse:
    """One of the files, to be saved."""
    async with contextlib.AsyncExitStack() as stack:
        async with deeds.doing(AuditAction.FILE_DOWNLOADED, vm_id, file) as deed:
            found = await stack.enter_async_context(
                services.viewing.download(deeds.actor_id, VmId(vm_id), file)
            )
            name = name_of(file)
            deed.detail = f"{name.decode(errors='backslashreplace')}, {found.size} bytes"
        headers = {
            "Content-Length": str(found.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(_savable(name), safe='')}",
            "X-Content-Type-Options": "nosniff",
        }
        content = _sent(found.chunks, stack.pop_all())
        return StreamingResponse(content, media_type="application/octet-stream", headers=headers)


def _savable(name: bytes) -> str:
    """A name that is text: browsers save under no other."""
    return name.decode(errors="replace")


async def _sent(chunks: AsyncIterator[bytes], held: contextlib.AsyncExitStack) -> AsyncIterator[bytes]:
    """The file; then the connection to the machine is let go."""
    async with held:
        async for chunk in chunks:
            yield chunk
