"""Signing in to the controller itself: links, cookies, users, API tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from vestibule.api import present, schemas
from vestibule.api.context import COOKIE, Caller, Context, Operator, Services, address_of, origin
from vestibule.api.deeds import CallersDeeds
from vestibule.core.audit import AuditAction, AuditEvent
from vestibule.core.errors import NotSignedIn
from vestibule.core.ids import TokenId
from vestibule.core.records import User
from vestibule.services.accounts import COOKIE_LIFE

router = APIRouter(tags=["accounts"])


@router.post("/api/sign-in")
async def sign_in(
    body: schemas.SignIn, request: Request, response: Response, services: Services
) -> schemas.Me:
    """Exchange a one-time link's token for a cookie."""
    user = await services.accounts.redeem_link(body.token)
    if user is None:
        raise NotSignedIn(
            "This sign-in link is unknown, used or expired.",
            remedy="Ask for another: vestibule user link NAME.",
            code="link_invalid",
        )
    await services.audit.record(
        AuditEvent(
            at=services.audit.now(),
            action=AuditAction.SIGNED_IN,
            actor_id=user.user_id,
            address=address_of(request),
            subject=user.name,
        )
    )
    response.set_cookie(
        COOKIE,
        services.accounts.cookie(user),
        max_age=int(COOKIE_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=origin(request, services).startswith("https:"),
    )
    return await _me(services, user)


@router.post("/api/sign-out", status_code=204)
async def sign_out(response: Response, _: Caller) -> None:
    """Forget the cookie."""
    # The cookie alone: nothing is revoked here, and a copy of it stays good until it expires.
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")


@router.get("/api/me")
async def me(services: Services, caller: Caller) -> schemas.Me:
    """Who the caller is, and whether they run this controller."""
    return await _me(services, caller)


async def _me(services: Context, user: User) -> schemas.Me:
    operator = await services.accounts.is_operator(user)
    return schemas.Me(user_id=user.user_id, name=user.name, operator=operator)


@router.get("/api/users")
async def list_users(services: Services, _: Operator) -> list[schemas.User]:
    """All users; for the operator."""
    return [present.user(user) for user in await services.accounts.users()]


@router.post("/api/users", status_code=201)
async def add_user(
    body: schemas.NewUser, request: Request, services: Services, _: Operator, deeds: CallersDeeds
) -> schemas.SignInLink:
    """Add a user and make a one-time link for them."""
    async with deeds.doing(AuditAction.USER_ADDED, body.name):
        return await _link(services, request, await services.accounts.add_user(body.name))


@router.delete("/api/users/{name}")
async def remove_user(name: str, services: Services, _: Operator, deeds: CallersDeeds) -> schemas.User:
    """Remove a user who has no open sign-in, machine or credential, with every row that is theirs.

    Evidence of machines that they had stays until the janitor removes it, by age or quota; what the audit
    tells of them stays.
    """
    await services.audit.catch_up()
    async with deeds.doing(AuditAction.USER_REMOVED, name):
        return present.user(await services.accounts.remove(name))


@router.post("/api/users/{name}/link", status_code=201)
async def make_link(
    name: str, request: Request, services: Services, _: Operator, deeds: CallersDeeds
) -> schemas.SignInLink:
    """Make another one-time link for a user."""
    async with deeds.doing(AuditAction.SIGN_IN_LINK_MADE, name):
        return await _link(services, request, await services.accounts.user_named(name))


async def _link(services: Context, request: Request, user: User) -> schemas.SignInLink:
    issued = await services.accounts.issue_link(user)
    # In the fragment, which browsers send to nobody: it is in no log.
    url = f"{origin(request, services)}/sign-in#token={issued.secret}"
    return schemas.SignInLink(user=present.user(user), url=url, expires_at=issued.expires_at)


@router.get("/api/tokens")
async def list_tokens(services: Services, caller: Caller) -> list[schemas.ApiToken]:
    """The caller's API tokens."""
    return [present.token(token) for token in await services.accounts.tokens(caller)]


@router.post("/api/tokens", status_code=201)
async def issue_token(
    body: schemas.NewToken, services: Services, caller: Caller, deeds: CallersDeeds
) -> schemas.IssuedToken:
    """Make an API token; its secret is shown this once."""
    async with deeds.doing(AuditAction.TOKEN_ISSUED, detail=body.label) as deed:
        issued = await services.accounts.issue_token(caller, body.label)
        deed.subject = issued.token.token_id
    return schemas.IssuedToken(**present.token(issued.token).model_dump(), secret=issued.secret)


@router.delete("/api/tokens/{token_id}", status_code=204)
async def revoke_token(token_id: str, services: Services, caller: Caller, deeds: CallersDeeds) -> None:
    """Revoke one of the caller's tokens."""
    async with deeds.doing(AuditAction.TOKEN_REVOKED, token_id):
        await services.accounts.revoke_token(caller, TokenId(token_id))
