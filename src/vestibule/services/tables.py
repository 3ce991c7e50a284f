"""Tables: everybody's rows for the operator, one's own for others; live for whoever looks at one.

The feed is told of every committed change, and carries nothing: whoever is woken reads their own page anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Collection
from typing import Protocol

from vestibule.core.ids import UserId
from vestibule.core.records import User
from vestibule.core.tables import Asked, AuditRow, CredentialRow, MachineRow, Page, SessionRow, TableName
from vestibule.services.accounts import Accounts
from vestibule.services.feed import Feed

_READ_FROM = {
    "vms": TableName.MACHINES,
    "auth_sessions": TableName.SESSIONS,
    "credentials": TableName.CREDENTIALS,
    "audit_events": TableName.AUDIT,
}
"""Table of the store → where its rows are shown."""


class TableRows(Protocol):
    """Windows into the store's tables."""

    async def machines(self, asked: Asked) -> Page[MachineRow]:
        """Machines with their owners' names."""
        ...

    async def sessions(self, asked: Asked) -> Page[SessionRow]:
        """Sessions with their owners' names, without what is their person's alone."""
        ...

    async def credentials(self, asked: Asked) -> Page[CredentialRow]:
        """Credentials with their owners' names, without content; revoked ones too."""
        ...

    async def audit(self, asked: Asked) -> Page[AuditRow]:
        """Events of the audit."""
        ...


class Tables:
    """One per controller."""

    def __init__(self, *, rows: TableRows, accounts: Accounts) -> None:
        self.rows = rows
        self._accounts = accounts
        self._feed: Feed[TableName] = Feed()

    async def scope(self, user: User) -> UserId | None:
        """Whose rows this user may see; None: everybody's."""
        return None if await self._accounts.is_operator(user) else user.user_id

    async def seen_by(self, user: User, asked: Asked) -> Asked:
        """The same window, into what this user may see."""
        return dataclasses.replace(asked, of_user=await self.scope(user))

    def changed(self, tables: Collection[str]) -> None:
        """Tables of the store were changed."""
        for name in tables:
            if (shown := _READ_FROM.get(name)) is not None:
                self._feed.publish(shown)

    def changes(self, table: TableName, idle_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every change, False after ``idle_s`` without one."""
        return self._feed.changes(table, idle_s)

    def close(self) -> None:
        """End every subscription: the controller stops."""
        self._feed.close()
