"""What the routes work with: built once in ``main``, kept on the app, handed to routes as arguments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from vestibule.core.audit import AuditAction, AuditEvent, AuditOutcome
from vestibule.core.errors import NotAllowed, NotSignedIn
from vestibule.core.ids import VmId
from vestibule.core.providers import Provider
from vestibule.core.records import User
from vestibule.core.settings_report import SettingsReport
from vestibule.services.accounts import Accounts
from vestibule.services.audit import Audit
from vestibule.services.credentials import Credentials
from vestibule.services.custodian import Custodian
from vestibule.services.first_frames import FirstFrames
from vestibule.services.forecasts import Forecasts
from vestibule.services.freshness import Freshness
from vestibule.services.golden_ports import CanaryReports, GoldenInventory, Plans
from vestibule.services.host import HostReport
from vestibule.services.machine_logs import MachineLogs
from vestibule.services.machines import Machines
from vestibule.services.monitor import Monitor
from vestibule.services.promotions import Promotions
from vestibule.services.renewals import Renewals
from vestibule.services.rotation import Rotation
from vestibule.services.scrubbing import Scrubbing
from vestibule.services.sign_ins import SignIns
from vestibule.services.tables import Tables
from vestibule.services.timeline import Timeline
from vestibule.services.view_links import ViewLinks
from vestibule.services.viewers import Viewers
from vestibule.services.viewing import Viewing

COOKIE = "vestibule"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """The services of one controller."""

    accounts: Accounts
    sign_ins: SignIns
    first_frames: FirstFrames
    view_links: ViewLinks
    viewers: Viewers[VmId]
    """Of desktops, by who owns them; those by links are the links' to count."""
    machines: Machines
    viewing: Viewing
    timeline: Timeline
    credentials: Credentials
    custodian: Custodian
    rotation: Rotation
    forecasts: Forecasts
    goldens: GoldenInventory
    plans: Plans
    promotions: Promotions
    renewals: Renewals
    canaries: CanaryReports
    freshness: Freshness
    scrubbing: Scrubbing
    host: HostReport
    monitor: Monitor
    audit: Audit
    tables: Tables
    logs: MachineLogs
    settings: SettingsReport
    providers: Mapping[str, Provider]
    doubts: Mapping[str, str | None]
    """Provider → why its file is not verified; None when it is."""
    public_url: str | None


def context_of(connection: HTTPConnection) -> Context:
    """The context of the app that serves this connection."""
    context = connection.app.state.context
    if not isinstance(context, Context):
        raise TypeError("the app was made without its context")
    return context


async def _context(request: Request) -> Context:  # FastAPI calls what is not async on a thread
    return context_of(request)


Services = Annotated[Context, Depends(_context)]


def origin(connection: HTTPConnection, context: Context) -> str:
    """The origin that the caller used, or the one that the operator says people use."""
    return context.public_url or f"{connection.url.scheme}://{connection.url.netloc}"


def same_origin(connection: HTTPConnection, public_url: str | None) -> bool:
    """Whether the page that asks is ours; programs send no Origin."""
    sent = connection.headers.get("origin")
    if sent is None:
        return True
    expected = urlsplit(public_url).netloc if public_url else connection.headers.get("host", "")
    try:
        return urlsplit(sent).netloc == expected
    except ValueError:  # "http://[": no browser sends that
        return False


def bearer_of(connection: HTTPConnection) -> str | None:
    """The token that came with the request, unless it was a cookie."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


async def require_caller(request: Request, services: Services) -> User:
    """Who asks.  Raises NotSignedIn, NotAllowed ``foreign_origin``."""
    bearer = bearer_of(request)
    if bearer is None:  # a browser adds the cookie by itself, whichever page asks
        _require_our_page(request, services)
    user = await services.accounts.authenticate(cookie=request.cookies.get(COOKIE), bearer=bearer)
    if user is None:
        raise NotSignedIn(
            "This needs a sign-in, and the request came with no valid cookie or token.",
            remedy="Open a one-time link (vestibule user link NAME), or send an API token.",
        )
    return user


def _require_our_page(request: Request, services: Context) -> None:
    if request.method not in _SAFE and not same_origin(request, services.public_url):
        raise NotAllowed(
            "A page of another origin asked for a change in this browser's name.",
            remedy="Use the controller's own page; behind a proxy, set public_url to the origin people use.",
            code="foreign_origin",
        )


Caller = Annotated[User, Depends(require_caller)]


def address_of(connection: HTTPConnection) -> str | None:
    """The other end of the connection; what a proxy's headers claim is not believed."""
    return connection.client.host if connection.client else None


async def _operator(request: Request, caller: Caller, services: Services) -> User:
    """The first user, whom ``vestibule up`` made, runs this controller; that others tried is written down."""
    try:
        await services.accounts.require_operator(caller)
    except NotAllowed as error:
        asked = AuditEvent(
            at=services.audit.now(),
            action=AuditAction.OPERATOR_ASKED,
            actor_id=caller.user_id,
            address=address_of(request),
            subject=f"{request.method} {request.url.path}",
            outcome=AuditOutcome.REFUSED,
            code=error.failure_code,
        )
        await services.audit.record(asked)
        raise
    return caller


Operator = Annotated[User, Depends(_operator)]
