"""Sign-in sessions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from vestibule.api import events, schemas
from vestibule.api.context import Caller, Context, Services, origin
from vestibule.api.deeds import CallersDeeds
from vestibule.api.sessions import just_started, present, present_all
from vestibule.core.audit import AuditAction
from vestibule.core.ids import SessionId
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus

router = APIRouter(tags=["sessions"])

STARTS_AT_ONCE = 2
"""Starts of sign-ins that are worked on at a time; the others have their turn in the order they came.

A burst of them would else share the loop with every read: each step of a read would wait for a step of each.
"""

_SESSION = "/api/auth/session/{session_id}"


async def _turnstile(request: Request) -> AsyncIterator[None]:
    """Entered once the body has come, before anything is done: who sends none keeps nobody waiting."""
    async with request.app.state.turnstile:
        yield


@router.post("/api/vm/auth", status_code=201, dependencies=[Depends(_turnstile, scope="function")])
async def start_sign_in(
    body: schemas.StartSignIn,
    request: Request,
    services: Services,
    caller: Caller,
    deeds: CallersDeeds,
) -> schemas.StartedSignIn:
    """Start a sign-in.  Answers at once; the machine is made in the background."""
    home = f"{origin(request, services)}/dashboard/remote-cli/session"
    async with deeds.doing(AuditAction.SIGN_IN_STARTED, detail=body.provider) as deed:
        record = await services.sign_ins.start(
            caller,
            body.provider,
            driver=body.driver,
            flow=body.flow,
            page_url=lambda session_id: f"{home}/{session_id}",
        )
        deed.subject = record.session_id
    return schemas.StartedSignIn(
        session_id=record.session_id,
        status=SessionStatus.STARTED,
        session=just_started(services, record),
    )


@router.get("/api/vm/auth")
async def read_session_by_query(
    session_id: Annotated[str, Query(alias="sessionId", max_length=64)], services: Services, caller: Caller
) -> schemas.Session:
    """Read a session."""
    return await _own(services, caller, session_id)


@router.get("/api/auth/sessions")
async def list_sessions(services: Services, caller: Caller) -> list[schemas.Session]:
    """The caller's sessions, newest first."""
    return await present_all(services, await services.sign_ins.list(caller))


@router.get(_SESSION)
async def read_session(session_id: str, services: Services, caller: Caller) -> schemas.Session:
    """Read a session."""
    return await _own(services, caller, session_id)


@router.get(
    f"{_SESSION}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "model": schemas.SessionEvent}},
)
async def follow_session(session_id: str, services: Services, caller: Caller) -> StreamingResponse:
    """Server-sent events: the whole session now and after every change."""
    await services.sign_ins.get(caller, SessionId(session_id))
    return events.stream(services, caller, SessionId(session_id))


@router.post(f"{_SESSION}/heartbeat")
async def heartbeat(session_id: str, services: Services, caller: Caller) -> schemas.Session:
    """A sign of life: the deadline is counted from now."""
    return await present(services, await services.sign_ins.heartbeat(caller, SessionId(session_id)))


@router.post(f"{_SESSION}/first-frame")
async def first_frame(
    session_id: str, body: schemas.FirstFrame, services: Services, caller: Caller
) -> schemas.Session:
    """Report how long the desktop's first frame took; what was reported first stays."""
    record = await services.sign_ins.get(caller, SessionId(session_id))
    return await present(services, await services.first_frames.keep(record, body.milliseconds))


@router.post(f"{_SESSION}/cancel")
async def cancel_session(
    session_id: str, services: Services, caller: Caller, deeds: CallersDeeds
) -> schemas.Session:
    """End a session; one that has ended stays as it is."""
    async with deeds.doing(AuditAction.SIGN_IN_CANCELLED, session_id) as deed:
        record = await services.sign_ins.cancel(caller, SessionId(session_id))
        deed.detail = record.provider
    return await present(services, record)


@router.post(f"{_SESSION}/open-url")
async def open_url(
    session_id: str, body: schemas.OpenUrl, services: Services, caller: Caller
) -> schemas.Session:
    """Show an address in the machine's browser."""
    return await present(services, await services.sign_ins.open_url(caller, SessionId(session_id), body.url))


@router.post(f"{_SESSION}/input")
async def paste(session_id: str, body: schemas.Paste, services: Services, caller: Caller) -> schemas.Session:
    """Type a text into the tool and press Enter."""
    return await present(services, await services.sign_ins.paste(caller, SessionId(session_id), body.text))


@router.get(f"{_SESSION}/oauth-url")
async def oauth_url(session_id: str, services: Services, caller: Caller) -> schemas.OAuthUrl:
    """The tool's sign-in address and user code, once they are known."""
    record = await services.sign_ins.get(caller, SessionId(session_id))
    return schemas.OAuthUrl(session_id=session_id, auth_url=record.auth_url, user_code=record.user_code)


@router.get(f"{_SESSION}/credentials/status")
async def credential_status(session_id: str, services: Services, caller: Caller) -> schemas.CredentialStatus:
    """What has become of the session's credential; reading changes nothing."""
    record = await services.sign_ins.get(caller, SessionId(session_id))
    return schemas.CredentialStatus(
        session_id=session_id, state=_credential_state(record), credential_id=record.credential_id
    )


def _credential_state(record: SessionRecord) -> schemas.CredentialState:
    if record.credential_id is not None:
        return schemas.CredentialState.SEALED
    return schemas.CredentialState.NONE if record.status in FINAL else schemas.CredentialState.AWAITED


async def _own(services: Context, caller: Caller, session_id: str) -> schemas.Session:
    return await present(services, await services.sign_ins.get(caller, SessionId(session_id)))
