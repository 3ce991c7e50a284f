"""Column types that hand out what the records hold."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

_FIRST, _LAST = dt.datetime.min.replace(tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)


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
        try:
            return value.astimezone(dt.UTC)
        except OverflowError:  # within a day of the first or the last moment that there is
            return _FIRST if value.year == _FIRST.year else _LAST

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002 (as above)
        """Give UTC back what SQLite stored without a zone."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Words(sa.types.TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, as JSON."""

    impl = sa.JSON
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> list[str] | None:  # noqa: ARG002 (as above)
        """JSON has lists."""
        return None if value is None else list(value)

    def process_result_value(self, value: list[str] | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002 (as above)
        """Records are frozen."""
        return None if value is None else tuple(value)


class Member(sa.types.TypeDecorator[enum.StrEnum]):
    """Text that holds a member of an enum that grows, without a CHECK."""

    impl = sa.String(64)
    cache_ok = True

    def __init__(self, kind: type[enum.StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (as above)
        """Its text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> enum.StrEnum | None:  # noqa: ARG002 (as above)
        """The member that it is."""
        return None if value is None else self.kind(value)


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
