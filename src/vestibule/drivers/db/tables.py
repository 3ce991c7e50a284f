"""Tables that are sorted, filtered and paged by SQL: one listing for each, and one way to read them.

The default order of each is that of an index, so that the newest rows are found without a look at the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from vestibule.core.tables import (
    MOST_CHOICES,
    Asked,
    AuditRow,
    Choice,
    CredentialRow,
    MachineRow,
    Order,
    Page,
    SessionRow,
)
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import record
from vestibule.drivers.db.schema import audit_events, auth_sessions, credentials, users, vms

R = TypeVar("R")
Column = sa.ColumnElement[Any]

_OWNER = users.c.name.label("owner")


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Listing(Generic[R]):
    """A table as it may be asked for."""

    kind: type[R]
    columns: Mapping[str, Column]
    """What is selected: field of ``kind`` → column."""
    source: sa.FromClause
    key: Column
    """Settles the order of rows that are alike."""
    of_user: Column
    at: Column
    """The time that ``since`` and ``until`` are about."""
    facets: Sequence[str]
    searched: Sequence[str]


class DbTables:
    """Implements ``services.tables.TableRows``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def machines(self, asked: Asked) -> Page[MachineRow]:
        """See TableRows."""
        return await self._page(_MACHINES, asked)

    async def sessions(self, asked: Asked) -> Page[SessionRow]:
        """See TableRows."""
        return await self._page(_SESSIONS, asked)

    async def credentials(self, asked: Asked) -> Page[CredentialRow]:
        """See TableRows."""
        return await self._page(_CREDENTIALS, asked)

    async def audit(self, asked: Asked) -> Page[AuditRow]:
        """See TableRows."""
        return await self._page(_AUDIT, asked)

    async def _page(self, listing: _Listing[R], asked: Asked) -> Page[R]:
        fits = [*_scope(listing, asked), *_chosen(listing, asked)]
        window: sa.Select[Any] = (
            sa.select(*listing.columns.values())
            .select_from(listing.source)
            .where(*fits)
            .order_by(*_order(listing, asked))
            .offset(asked.offset)
            .limit(asked.limit)
        )
        count = sa.select(sa.func.count()).select_from(listing.source).where(*fits)
        async with self._database.read() as connection:
            rows = [record(listing.kind, row) for row in await connection.execute(window)]
            total = await connection.scalar(count)
        facets = {name: await self._choices(listing, asked, name) for name in listing.facets}
        return Page(rows=rows, total=total or 0, facets=facets)

    async def _choices(self, listing: _Listing[R], asked: Asked, name: str) -> Sequence[Choice]:
        """What the facet would leave, given all that is asked but its own choice."""
        column, count = listing.columns[name], sa.func.count()
        fits = [*_scope(listing, asked), *_chosen(listing, asked, but=name)]
        query = (
            sa.select(column, count)
            .select_from(listing.source)
            .where(column.is_not(None), *fits)
            .group_by(column)
            .order_by(count.desc(), column)
            .limit(MOST_CHOICES)
        )
        async with self._database.read() as connection:
            return [Choice(value=str(value), count=found) for value, found in await connection.execute(query)]


def _order(listing: _Listing[Any], asked: Asked) -> Sequence[Column]:
    columns = (listing.columns[asked.sort], listing.key)
    return [each.desc() if asked.order is Order.DESC else each.asc() for each in columns]


def _scope(listing: _Listing[Any], asked: Asked) -> Sequence[sa.ColumnElement[bool]]:
    """Whose rows, of which time, with which text."""
    fits: list[sa.ColumnElement[bool]] = []
    if asked.of_user is not None:
        fits.append(listing.of_user == asked.of_user)
    if asked.since is not None:
        fits.append(listing.at >= asked.since)
    if asked.until is not None:
        fits.append(listing.at < asked.until)
    if asked.text:
        parts = (sa.cast(listing.columns[name], sa.String) for name in listing.searched)
        fits.append(sa.or_(*(part.icontains(asked.text, autoescape=True) for part in parts)))
    return fits


def _chosen(listing: _Listing[Any], asked: Asked, but: str = "") -> Sequence[sa.ColumnElement[bool]]:
    return [
        listing.columns[name].in_(values) for name, values in asked.chosen.items() if values and name != but
    ]


def _columns(kind: type[Any], table: sa.Table) -> Mapping[str, Column]:
    """Columns are called what the record's fields are called."""
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: _OWNER if name == "owner" else table.c[name] for name in names}


def _owned(table: sa.Table) -> sa.FromClause:
    return table.join(users, users.c.user_id == table.c.user_id)


_MACHINES = _Listing(
    kind=MachineRow,
    columns=_columns(MachineRow, vms),
    source=_owned(vms),
    key=vms.c.vm_id,
    of_user=vms.c.user_id,
    at=vms.c.created_at,
    facets=("status", "driver", "golden_id", "owner"),
    searched=("vm_id", "session_id", "golden_id", "vm_ip", "owner", "error_code"),
)
_SESSIONS = _Listing(
    kind=SessionRow,
    columns=_columns(SessionRow, auth_sessions),
    source=_owned(auth_sessions),
    key=auth_sessions.c.session_id,
    of_user=auth_sessions.c.user_id,
    at=auth_sessions.c.created_at,
    facets=("status", "provider", "error_code", "owner"),
    searched=("session_id", "vm_id", "golden_id", "provider", "owner", "error_code"),
)
_CREDENTIALS = _Listing(
    kind=CredentialRow,
    columns=_columns(CredentialRow, credentials),
    source=_owned(credentials),
    key=credentials.c.credential_id,
    of_user=credentials.c.user_id,
    at=credentials.c.sealed_at,
    facets=("custody", "provider", "owner"),
    searched=("credential_id", "session_id", "provider", "account", "holder", "owner"),
)
_AUDIT = _Listing(
    kind=AuditRow,
    columns=_columns(AuditRow, audit_events),
    source=audit_events,
    key=audit_events.c.number,
    of_user=audit_events.c.actor_id,
    at=audit_events.c.at,
    facets=("action", "outcome", "actor"),
    searched=("subject", "actor", "address", "code", "detail"),
)
