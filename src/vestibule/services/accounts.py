"""Accounts: who someone is, and the secrets that prove it.

::

    one-time link ──(15 min, once)──→ cookie (30 days, signed, nothing stored)
    API token     ──(until revoked)─→ user
    view ticket   ──(30 s, once)────→ one machine's desktop, one user

Links, tokens and tickets are 256 random bits; the database holds their SHA-256 alone, so that a copy of it
signs nobody in.  A slow hash would add nothing: there is no guessing 256 bits.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Sequence

import itsdangerous
import structlog

from vestibule.core import ids
from vestibule.core.errors import Absent, BadInput, Conflict, NotAllowed
from vestibule.core.ids import TokenId, UserId, VmId
from vestibule.core.records import ApiToken, User, ViewTicketRecord
from vestibule.services.ports import Clock
from vestibule.services.repositories import Accounts as AccountRows

log = structlog.get_logger()

SECRET_BYTES = 32
LINK_LIFE = dt.timedelta(minutes=15)
COOKIE_LIFE = dt.timedelta(days=30)
TICKET_LIFE = dt.timedelta(seconds=30)
TOKEN_PREFIX = "vst_"  # noqa: S105 (what every token begins with, so that secret scanners know one)
MAX_LABEL = 64

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Link:
    """A one-time sign-in link's secret; shown once."""

    user: User
    secret: str = dataclasses.field(repr=False)
    expires_at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class NewToken:
    """An API token with its secret; shown once."""

    token: ApiToken
    secret: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ticket:
    """The right to view one machine once."""

    secret: str = dataclasses.field(repr=False)
    expires_at: dt.datetime


class Accounts:
    """The use cases of accounts; one per controller."""

    def __init__(
        self, *, rows: AccountRows, clock: Clock, random: Callable[[int], bytes], cookie_key: bytes
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._random = random
        self._signer = _Signer(cookie_key, clock)

    async def add_user(self, name: str) -> User:
        """Make a user.  Raises BadInput for a name that is none, Conflict ``user_exists``."""
        if not NAME.fullmatch(name):
            raise BadInput(
                f"{name!r} cannot be a user's name.",
                remedy="Use 1 to 63 of a-z, 0-9, '.', '_', '@', '-', beginning with a letter or digit.",
                code="user_name_invalid",
            )
        user = User(
            user_id=ids.user_id(self._random(ids.RANDOM_BYTES)), name=name, created_at=self._clock.now()
        )
        await self._rows.add_user(user)
        log.info("User added", user_id=user.user_id, name=name)
        return user

    async def user_named(self, name: str) -> User:
        """Raise Absent when there is none."""
        return await self._rows.user_named(name)

    async def name_of(self, user_id: UserId) -> str:
        """Raise Absent when there is none."""
        return (await self._rows.user(user_id)).name

    async def users(self) -> Sequence[User]:
        """All users, oldest first."""
        return await self._rows.users()

    async def remove(self, name: str) -> User:
        """Remove a user with every row that is theirs; evidence of their machines is the janitor's.

        Raises Absent, Conflict ``user_busy`` (what is theirs is not over), ``user_needed`` (the operator).
        """
        user = await self.user_named(name)
        if await self.is_operator(user):
            raise Conflict(
                f"{name} runs this controller.",
                remedy="Remove the state folder to begin anew.",
                code="user_needed",
            )
        await self._rows.remove_user(user.user_id)
        log.info("User removed", user_id=user.user_id, name=name)
        return user

    async def operator_id(self) -> UserId | None:
        """Who runs this controller; None before there is anybody."""
        try:
            return (await self._rows.first_user()).user_id
        except Absent:
            return None

    async def is_operator(self, user: User) -> bool:
        """Whether this is the first user, who runs the controller."""
        return user.user_id == (await self._rows.first_user()).user_id

    async def require_operator(self, user: User) -> None:
        """Raise NotAllowed unless this is the first user, who runs the controller."""
        operator = await self._rows.first_user()
        if user.user_id != operator.user_id:
            raise NotAllowed(
                f"Only {operator.name}, who runs this controller, may do this.",
                remedy=f"Ask {operator.name} to do it.",
                code="operator_only",
            )

    async def issue_link(self, user: User) -> Link:
        """Make a link that signs this user in, once, within LINK_LIFE."""
        secret, now = self._secret(), self._clock.now()
        await self._rows.add_link(_hash(secret), user.user_id, now + LINK_LIFE, now)
        log.info("Sign-in link issued", user_id=user.user_id)
        return Link(user=user, secret=secret, expires_at=now + LINK_LIFE)

    async def redeem_link(self, secret: str) -> User | None:
        """Use a link up; None when it is unknown, used or expired: which one is told to nobody."""
        user = await self._rows.consume_link(_hash(secret), self._clock.now())
        if user is not None:
            log.info("Signed in", user_id=user.user_id)
        return user

    def cookie(self, user: User) -> str:
        """What a browser shows for COOKIE_LIFE to be this user."""
        return self._signer.sign(user.user_id)

    async def authenticate(self, *, cookie: str | None, bearer: str | None) -> User | None:
        """Who sends this cookie or token; None when neither proves anyone.

        A token decides alone when there is one: a script that sends a wrong one is not let in by a cookie.
        """
        if bearer is not None:
            return await self._rows.user_of_token(_hash(bearer))
        user_id = None if cookie is None else self._signer.user_id(cookie)
        if user_id is None:
            return None
        try:
            return await self._rows.user(user_id)
        except Absent:
            return None

    async def issue_token(self, user: User, label: str) -> NewToken:
        """Make an API token.  Raises BadInput when the label is empty or longer than MAX_LABEL."""
        if not 1 <= len(label) <= MAX_LABEL:
            raise BadInput(
                f"A token's label has 1 to {MAX_LABEL} characters.", remedy="Name what the token is for."
            )
        secret = TOKEN_PREFIX + self._secret()
        token = ApiToken(
            token_id=ids.token_id(self._random(ids.RANDOM_BYTES)),
            user_id=user.user_id,
            label=label,
            secret_hash=_hash(secret),
            created_at=self._clock.now(),
        )
        await self._rows.add_token(token)
        log.info("API token issued", user_id=user.user_id, token_id=token.token_id)
        return NewToken(token=token, secret=secret)

    async def tokens(self, user: User) -> Sequence[ApiToken]:
        """A user's tokens, oldest first."""
        return await self._rows.tokens(user.user_id)

    async def revoke_token(self, user: User, token_id: TokenId) -> None:
        """Make a token worthless.  Raises Absent when it is not this user's."""
        await self._rows.delete_token(user.user_id, token_id)
        log.info("API token revoked", user_id=user.user_id, token_id=token_id)

    async def issue_ticket(self, user: User, vm_id: VmId) -> Ticket:
        """Make a ticket to view a machine; that it is this user's was checked by the caller."""
        secret, now = self._secret(), self._clock.now()
        ticket = ViewTicketRecord(
            secret_hash=_hash(secret), vm_id=vm_id, user_id=user.user_id, expires_at=now + TICKET_LIFE
        )
        await self._rows.add_ticket(ticket, now)
        return Ticket(secret=secret, expires_at=ticket.expires_at)

    async def redeem_ticket(self, secret: str, vm_id: VmId) -> UserId | None:
        """Use a ticket up; whose it was, None when it is unknown, used, expired or for another machine."""
        ticket = await self._rows.consume_ticket(_hash(secret), vm_id, self._clock.now())
        return None if ticket is None else ticket.user_id

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._random(SECRET_BYTES)).rstrip(b"=").decode()


class _Signer(itsdangerous.TimestampSigner):
    """Signs a user's id with the moment (HMAC-SHA-256); compares in constant time."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        super().__init__(key, salt="vestibule.cookie", key_derivation="hmac", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        """Our clock instead of the library's own."""
        return int(self._clock.now().timestamp())

    def user_id(self, cookie: str) -> UserId | None:
        """Whose cookie it is; None when it was not signed here or is older than COOKIE_LIFE."""
        try:
            return UserId(self.unsign(cookie, max_age=int(COOKIE_LIFE.total_seconds())).decode())
        except itsdangerous.BadSignature:
            return None

    def sign(self, value: str | bytes) -> str:  # type: ignore[override]  # a cookie's value is text
        """The value, the moment and the signature."""
        return super().sign(value).decode()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
