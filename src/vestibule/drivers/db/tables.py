"""Tables that are sorted, filtered, searched and paged by SQL, whatever their size.

::

    asked ──▶ reach: the first REACH rows of whose they are and of the time that is asked about, by an index
                ├─▶ window: those of them that fit, in their order
                └─▶ counts: how many of them are alike, which total and choices are summed of

Nobody waits for a walk along all rows: neither for a filter that nothing fits nor for a count.  An id as a
whole is looked up among all rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from vestibule.core.facets import FacetCount, choices_of, total_of
from vestibule.core.tables import (
    REACH,
    Asked,
    AuditRow,
    CredentialRow,
    MachineRow,
    Order,
    Page,
    SessionRow,
)
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.listings import AUDIT, CREDENTIALS, MACHINES, SESSIONS, Column, Listing
from vestibule.drivers.db.rows import record

R = TypeVar("R")
Fits = Sequence[sa.ColumnElement[bool]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Reach:
    """The rows that are looked at."""

    fits: Fits
    bounded: bool
    """There are more."""


class DbTables:
    """Implements ``services.tables.TableRows``."""

    def __init__(self, database: Database, reach: int = REACH) -> None:
        self._database = database
        self._most = reach

    async def machines(self, asked: Asked) -> Page[MachineRow]:
        """See TableRows."""
        return await self._page(MACHINES, asked)

    async def sessions(self, asked: Asked) -> Page[SessionRow]:
        """See TableRows."""
        return await self._page(SESSIONS, asked)

    async def credentials(self, asked: Asked) -> Page[CredentialRow]:
        """See TableRows."""
        return await self._page(CREDENTIALS, asked)

    async def audit(self, asked: Asked) -> Page[AuditRow]:
        """See TableRows."""
        return await self._page(AUDIT, asked)

    async def _page(self, listing: Listing[R], asked: Asked) -> Page[R]:
        reach = await self._reach(listing, asked)
        counts = await self._counts(listing, reach)
        total = total_of(counts, asked.chosen)
        return Page(
            rows=await self._window(listing, asked, reach) if total > asked.offset else [],
            total=total,
            bounded=reach.bounded or sum(one.count for one in counts) > self._most,
            facets={name: choices_of(counts, name, asked.chosen) for name in listing.facets},
        )

    async def _reach(self, listing: Listing[Any], asked: Asked) -> _Reach:
        scope = _scope(listing, asked)
        if asked.text and await self._is_id(listing, [*scope, _named(listing, asked.text)]):
            return _Reach(fits=[*scope, _named(listing, asked.text)], bounded=False)
        text = [_containing(listing, asked.text)] if asked.text else []
        oldest_first = asked.order is Order.ASC and listing.columns[asked.sort] is listing.at
        place = (listing.at, listing.key)
        query = (
            sa.select(*place)
            .where(*scope)
            .order_by(*(each.asc() if oldest_first else each.desc() for each in place))
            .offset(self._most - 1)
            .limit(2)
        )
        async with self._database.read() as connection:
            edge = (await connection.execute(query)).all()  # the last one that is looked at, and one more
        if len(edge) < 2:
            return _Reach(fits=[*scope, *text], bounded=False)
        last = sa.tuple_(*(sa.literal(value, of.type) for value, of in zip(edge[0], place, strict=True)))
        within = sa.tuple_(*place) <= last if oldest_first else sa.tuple_(*place) >= last
        return _Reach(fits=[*scope, within, *text], bounded=True)

    async def _is_id(self, listing: Listing[Any], fits: Fits) -> bool:
        async with self._database.read() as connection:
            found = await connection.execute(sa.select(listing.key).where(*fits).limit(1))
            return found.first() is not None

    async def _counts(self, listing: Listing[Any], reach: _Reach) -> Sequence[FacetCount]:
        facets = [listing.columns[name] for name in listing.facets]
        # The limit keeps what is inside apart: else SQLite may walk along an index of a facet instead.
        inside = sa.select(*facets).select_from(listing.source).where(*reach.fits).limit(self._most + 1)
        rows_there = inside.subquery()
        query = sa.select(*rows_there.c, sa.func.count()).group_by(*rows_there.c)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [
                FacetCount(values=dict(zip(listing.facets, values, strict=True)), count=count)
                for *values, count in rows
            ]

    async def _window(self, listing: Listing[R], asked: Asked, reach: _Reach) -> Sequence[R]:
        query: sa.Select[Any] = (
            sa.select(*listing.columns.values())
            .select_from(listing.source)
            .where(*reach.fits, *_chosen(listing, asked))
            .order_by(*_order(listing, asked))
            .offset(asked.offset)
            .limit(asked.limit)
        )
        async with self._database.read() as connection:
            return [record(listing.kind, row) for row in await connection.execute(query)]


def _order(listing: Listing[Any], asked: Asked) -> Sequence[Column]:
    columns = (listing.columns[asked.sort], listing.key)
    return [each.desc() if asked.order is Order.DESC else each.asc() for each in columns]


def _scope(listing: Listing[Any], asked: Asked) -> Fits:
    """Whose rows, of which time."""
    fits: list[sa.ColumnElement[bool]] = []
    if asked.of_user is not None:
        fits.append(listing.of_user == asked.of_user)
    if asked.since is not None:
        fits.append(listing.at >= asked.since)
    if asked.until is not None:
        fits.append(listing.at < asked.until)
    return fits


def _named(listing: Listing[Any], text: str) -> sa.ColumnElement[bool]:
    return sa.or_(*(each == text.lower() for each in listing.ids))


def _containing(listing: Listing[Any], text: str) -> sa.ColumnElement[bool]:
    # LIKE: SQLite's knows no case of ASCII, and costs half of what it does on texts that are lowered first.
    parts = (sa.cast(listing.columns[name], sa.String) for name in listing.searched)
    return sa.or_(*(part.contains(text, autoescape=True) for part in parts))


def _chosen(listing: Listing[Any], asked: Asked) -> Fits:
    return [listing.columns[name].in_(values) for name, values in asked.chosen.items() if values]
