"""Column types that hand out what the records hold."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect


class UtcTime(sa.types.TypeDecorator[dt.datetime]):
    """A moment, timezone-aware and in UTC on both sides; SQLite itself keeps no zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Refuse a naive moment: nobody could tell which one it is."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r}: a timezone is needed")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 (as above)
        """Give UTC back what SQLite stored without a zone."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def choice(kind: type[enum.StrEnum], constraint: str) -> sa.Enum:
    """Text that holds a member of ``kind``, with a CHECK constraint generated from it."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=constraint,
        values_callable=lambda members: [member.value for member in members],
    )


def listed(members: frozenset[enum.StrEnum]) -> str:
    """Members as SQL literals, sorted so that the same set makes the same text."""
    return ", ".join(f"'{member.value}'" for member in sorted(members))
