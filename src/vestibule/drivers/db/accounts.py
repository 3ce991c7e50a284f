"""Tables ``users``, ``api_tokens``, ``sign_in_links`` and ``view_tickets``.

Secrets arrive hashed.  Looking a hash up takes time that depends on the hash, never on the secret, so there
is nothing to learn from it.  What may be used once is taken by DELETE … RETURNING: two takers cannot both
win.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from vestibule.core.errors import Conflict
from vestibule.core.ids import TokenId, UserId, VmId
from vestibule.core.records import ApiToken, User, ViewTicketRecord
from vestibule.drivers.db import departures
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import absent, record, values
from vestibule.drivers.db.schema import api_tokens, sign_in_links, users, view_tickets
from vestibule.drivers.db.unbroken import unbroken

_OLDEST_FIRST = users.select().order_by(users.c.created_at, users.c.user_id)


class DbAccounts:
    """Implements ``services.repositories.Accounts``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def add_user(self, user: User) -> None:
        """Raise Conflict ``user_exists`` when the name is taken."""
        async with self._database.write_durably() as connection:
            try:
                await connection.execute(users.insert().values(values(user)))
            except IntegrityError as error:
                raise Conflict(
                    f"There is already a user called {user.name}.",
                    remedy=f"Choose another name, or make a link for them: vestibule user link {user.name}.",
                    code="user_exists",
                ) from error

    async def user(self, user_id: UserId) -> User:
        """Raise Absent."""
        return await self._user(users.c.user_id == user_id, user_id)

    async def user_named(self, name: str) -> User:
        """Raise Absent."""
        return await self._user(users.c.name == name, name)

    async def _user(self, which: sa.ColumnElement[bool], shown: str) -> User:
        async with self._database.read() as connection:
            row = (await connection.execute(users.select().where(which))).one_or_none()
        if row is None:
            raise absent("user", shown)
        return record(User, row)

    async def users(self) -> Sequence[User]:
        """All, oldest first."""
        async with self._database.read() as connection:
            return [record(User, row) for row in await connection.execute(_OLDEST_FIRST)]

    async def first_user(self) -> User:
        """Raise Absent when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(_OLDEST_FIRST.limit(1))).one_or_none()
        if row is None:
            raise absent("user", "of this controller")
        return record(User, row)

    @unbroken
    async def remove_user(self, user_id: UserId) -> None:
        """Raise Absent, Conflict ``user_busy``."""
        async with self._database.write_durably() as connection:
            if not await departures.remove(connection, user_id):
                raise absent("user", user_id)

    @unbroken
    async def add_link(
        self, secret_hash: bytes, user_id: UserId, expires_at: dt.datetime, now: dt.datetime
    ) -> None:
        """Store a one-time sign-in link; expired ones are dropped on the way."""
        link = {"secret_hash": secret_hash, "user_id": user_id, "expires_at": expires_at}
        async with self._database.write_durably() as connection:
            await connection.execute(sign_in_links.delete().where(sign_in_links.c.expires_at <= now))
            await connection.execute(sign_in_links.insert().values(link))

    @unbroken
    async def consume_link(self, secret_hash: bytes, now: dt.datetime) -> User | None:
        """Take a link, once, atomically; None when unknown, used or expired."""
        take = (
            sign_in_links.delete()
            .where(sign_in_links.c.secret_hash == secret_hash, sign_in_links.c.expires_at > now)
            .returning(sign_in_links.c.user_id)
        )
        async with self._database.write_durably() as connection:
            user_id = await connection.scalar(take)
            if user_id is None:
                return None
            row = (await connection.execute(users.select().where(users.c.user_id == user_id))).one()
            return record(User, row)

    @unbroken
    async def add_token(self, token: ApiToken) -> None:
        """Store an API token."""
        async with self._database.write_durably() as connection:
            await connection.execute(api_tokens.insert().values(values(token)))

    async def user_of_token(self, secret_hash: bytes) -> User | None:
        """Whose token it is; None when unknown."""
        query = (
            sa.select(*users.c)
            .join(api_tokens, api_tokens.c.user_id == users.c.user_id)
            .where(api_tokens.c.secret_hash == secret_hash)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else record(User, row)

    async def tokens(self, user_id: UserId) -> Sequence[ApiToken]:
        """A user's tokens, oldest first."""
        query = (
            api_tokens.select()
            .where(api_tokens.c.user_id == user_id)
            .order_by(api_tokens.c.created_at, api_tokens.c.token_id)
        )
        async with self._database.read() as connection:
            return [record(ApiToken, row) for row in await connection.execute(query)]

    @unbroken
    async def delete_token(self, user_id: UserId, token_id: TokenId) -> None:
        """Raise Absent when it is not this user's."""
        which = sa.and_(api_tokens.c.user_id == user_id, api_tokens.c.token_id == token_id)
        async with self._database.write_durably() as connection:
            if (await connection.execute(api_tokens.delete().where(which))).rowcount == 0:
                raise absent("token", token_id)

    @unbroken
    async def add_ticket(self, ticket: ViewTicketRecord, now: dt.datetime) -> None:
        """Store a view ticket; expired ones are dropped on the way."""
        async with self._database.write() as connection:
            await connection.execute(view_tickets.delete().where(view_tickets.c.expires_at <= now))
            await connection.execute(view_tickets.insert().values(values(ticket)))

    @unbroken
    async def consume_ticket(
        self, secret_hash: bytes, vm_id: VmId, now: dt.datetime
    ) -> ViewTicketRecord | None:
        """Take a ticket, once, atomically; None when unknown, used, expired or for another machine."""
        take = (
            view_tickets.delete()
            .where(
                view_tickets.c.secret_hash == secret_hash,
                view_tickets.c.vm_id == vm_id,
                view_tickets.c.expires_at > now,
            )
            .returning(*view_tickets.c)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(take)).one_or_none()
        return None if row is None else record(ViewTicketRecord, row)
