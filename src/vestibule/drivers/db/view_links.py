"""Table ``view_links``.  Secrets arrive hashed; a link is ended once, whoever ends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from vestibule.core.ids import SessionId, ViewLinkId
from vestibule.core.view_links import ViewLinkEnd, ViewLinkRecord
from vestibule.drivers.db.engine import Database
from vestibule.drivers.db.rows import record, values
from vestibule.drivers.db.schema import view_links
from vestibule.drivers.db.unbroken import unbroken

_L = view_links.c


class DbViewLinks:
    """Implements ``services.repositories.ViewLinks``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unbroken
    async def add(self, link: ViewLinkRecord) -> None:
        """On the disk before anybody has the secret."""
        async with self._database.write_durably() as connection:
            await connection.execute(view_links.insert().values(values(link)))

    async def of_secret(self, secret_hash: bytes) -> ViewLinkRecord | None:
        """Good or over; None when there is none."""
        query = view_links.select().where(_L.secret_hash == secret_hash)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else record(ViewLinkRecord, row)

    async def of_session(self, session_id: SessionId) -> Sequence[ViewLinkRecord]:
        """Newest first."""
        query = (
            view_links.select()
            .where(_L.session_id == session_id)
            .order_by(_L.created_at.desc(), _L.link_id.desc())
        )
        async with self._database.read() as connection:
            return [record(ViewLinkRecord, row) for row in await connection.execute(query)]

    async def good(self) -> Sequence[ViewLinkRecord]:
        """Those without an end, oldest first."""
        query = view_links.select().where(_L.ended_at.is_(None)).order_by(_L.created_at, _L.link_id)
        async with self._database.read() as connection:
            return [record(ViewLinkRecord, row) for row in await connection.execute(query)]

    @unbroken
    async def end(self, link_id: ViewLinkId, end: ViewLinkEnd, at: dt.datetime) -> ViewLinkRecord | None:
        """Compare-and-swap; None when it has an end, or is not there."""
        change = (
            view_links.update()
            .where(_L.link_id == link_id, _L.ended_at.is_(None))
            .values(ended_at=at, end=end)
            .returning(*_L)
        )
        async with self._database.write_durably() as connection:
            row = (await connection.execute(change)).one_or_none()
        return None if row is None else record(ViewLinkRecord, row)
