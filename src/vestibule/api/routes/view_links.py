"""View links: made, listed and taken back by a sign-in's owner, opened by whoever has one."""

from __future__ import annotations

import contextlib
from typing import Annotated

from fastapi import APIRouter, Depends, Request, WebSocket, WebSocketDisconnect

from vestibule.api import view_link_schemas as schemas
from vestibule.api import vnc
from vestibule.api.context import Caller, Context, Services, address_of, context_of, origin, same_origin
from vestibule.api.deeds import CallersDeeds
from vestibule.api.doors import confirmed, ended_in_words
from vestibule.core.audit import AuditAction
from vestibule.core.errors import VestibuleError
from vestibule.core.failures import FailureCode
from vestibule.core.ids import SessionId, ViewLinkId, VmId
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.view_links import ViewLinkRecord
from vestibule.core.view_only import ViewOnly
from vestibule.services.racing import first_of
from vestibule.services.view_links import Watch

router = APIRouter(tags=["view links"])

PAGE = "/watch"
IDLE_S = 60.0
_LINKS = "/api/auth/session/{session_id}/view-links"


async def _own(session_id: str, services: Services, caller: Caller) -> SessionRecord:
    return await services.sign_ins.get(caller, SessionId(session_id))


OwnSession = Annotated[SessionRecord, Depends(_own)]


@router.post(_LINKS, status_code=201)
async def make_view_link(
    session: OwnSession,
    body: schemas.MakeViewLink,
    request: Request,
    services: Services,
    deeds: CallersDeeds,
) -> schemas.NewViewLink:
    """Make a link that shows the desktop, and nothing else, to whoever has it, for a while."""
    async with deeds.doing(AuditAction.VIEW_LINK_MADE, session.session_id) as deed:
        made = await services.view_links.make(session, body.seconds)
        deed.detail = f"{made.link.link_id}: until {made.link.expires_at:%H:%M:%S} UTC"
    url = f"{origin(request, services)}{PAGE}#token={made.secret}"
    return schemas.NewViewLink(url=url, **_shown(made.link).model_dump())


@router.get(_LINKS)
async def list_view_links(session: OwnSession, services: Services) -> schemas.ViewLinks:
    """The session's links, newest first; those that are over too."""
    links = await services.view_links.of_session(session.session_id)
    return schemas.ViewLinks(longest_s=services.view_links.longest_s, links=[_shown(link) for link in links])


@router.delete(f"{_LINKS}/{{link_id}}")
async def revoke_view_link(
    session: OwnSession, link_id: str, services: Services, deeds: CallersDeeds
) -> schemas.ViewLink:
    """Take a link back; who watches by it is cut off.  One that is over stays as it is."""
    async with deeds.doing(AuditAction.VIEW_LINK_REVOKED, session.session_id, link_id):
        ended = await services.view_links.revoke(session.session_id, ViewLinkId(link_id))
    return _shown(ended)


def _shown(link: ViewLinkRecord) -> schemas.ViewLink:
    return schemas.ViewLink(
        link_id=link.link_id,
        session_id=link.session_id,
        created_at=link.created_at,
        expires_at=link.expires_at,
        ended_at=link.ended_at,
        end=link.end,
    )


@router.websocket("/api/watch")
async def watch(websocket: WebSocket) -> None:
    """The desktop's RFB stream, for whoever brings a good link's secret; nothing of theirs reaches it."""
    services = context_of(websocket)
    if not same_origin(websocket, services.public_url):
        await vnc.refuse(websocket, FailureCode.FOREIGN_ORIGIN)
        return
    try:
        async with services.view_links.opened(vnc.offered_ticket(websocket), address_of(websocket)) as opened:
            await websocket.accept(subprotocol=vnc.SUBPROTOCOL)
            await _show(websocket, services, opened)
    except VestibuleError as error:
        await vnc.refuse(websocket, error.failure_code)


async def _show(websocket: WebSocket, services: Context, watch: Watch) -> None:
    """Until the watcher leaves, the link or the sign-in is over, or the desktop is gone."""
    session_id = watch.session.session_id
    async with (
        ended_in_words(websocket, session_id=session_id) as end,
        services.machines.pausing.watched(session_id),
    ):
        end.reason = await _first_end(websocket, services, watch)


async def _first_end(websocket: WebSocket, services: Context, watch: Watch) -> str:
    """What ended the view, as the close frame's reason; raises what the desktop or the gate did."""
    return await first_of(
        _link_over(watch),
        _session_over(websocket, services, watch),
        _desktop_gone(websocket, services, watch),
    )


async def _link_over(watch: Watch) -> str:
    return (await watch.over()).code


async def _session_over(websocket: WebSocket, services: Context, watch: Watch) -> str:
    """Tell how the sign-in stands, until it is final."""
    told: SessionStatus | None = None
    session_id = watch.session.session_id
    async for _ in services.sign_ins.changes(session_id, IDLE_S):
        session = await services.sign_ins.visible(None, session_id)
        if session.status is not told:
            await _tell(websocket, services, watch, session.status)
            told = session.status
        if session.status in FINAL:
            return FailureCode.SESSION_OVER
    return vnc.CONTROLLER_STOPS


async def _tell(websocket: WebSocket, services: Context, watch: Watch, status: SessionStatus) -> None:
    provider = services.providers.get(watch.session.provider)
    told = schemas.Watched(
        tool=provider.title if provider else watch.session.provider,
        status=status,
        expires_at=watch.link.expires_at,
    )
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the watcher has just left
        await websocket.send_text(told.model_dump_json())


async def _desktop_gone(websocket: WebSocket, services: Context, watch: Watch) -> str:
    vm_id = VmId(watch.session.vm_id or "")
    guest = await confirmed(websocket, services, vm_id)
    if guest is not None:
        rfb, gate = await guest.open_vnc(), ViewOnly().feed
        await vnc.relay(websocket, rfb, gate, services.monitor.ledger, most=vnc.MOST_OF_A_WATCHER)
    session = await services.sign_ins.visible(None, watch.session.session_id)
    if session.status not in FINAL:
        return vnc.MACHINE_ENDED
    await _tell(websocket, services, watch, session.status)  # that the desktop is gone may be known before
    return FailureCode.SESSION_OVER
