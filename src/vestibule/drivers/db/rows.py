"""What the repositories share: records from rows, and fields checked against columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

import sqlalchemy as sa

from vestibule.core.audit import AuditEvent
from vestibule.core.errors import Absent, Conflict
from vestibule.core.forecast import ExpiryWarning
from vestibule.core.machines import MachineRecord
from vestibule.core.records import (
    ApiToken,
    CredentialRecord,
    CustodyRecord,
    NoticeRecord,
    SessionRecord,
    StageRecord,
    User,
    ViewTicketRecord,
)
from vestibule.core.steps import StepRecord
from vestibule.core.view_links import ViewLinkRecord

R = TypeVar("R")

Record = (
    User
    | ApiToken
    | SessionRecord
    | StageRecord
    | NoticeRecord
    | CredentialRecord
    | CustodyRecord
    | ViewTicketRecord
    | ViewLinkRecord
    | MachineRecord
    | ExpiryWarning
    | StepRecord
    | AuditEvent
)


def record(kind: type[R], row: sa.Row[Any]) -> R:
    """The record that a whole row makes: columns are called what fields are called."""
    return kind(**row._mapping)  # noqa: SLF001 (public: the underscore keeps it apart from columns)


def values(item: Record) -> dict[str, Any]:
    """A record's fields, one level deep: what is inside a field stays what it is."""
    return {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}


def checked(table: sa.Table, fields: Mapping[str, object], *, fixed: frozenset[str]) -> dict[str, object]:
    """``fields``, when each is a column that may change.

    Raises TypeError otherwise, as a function does for an argument that it does not take.
    """
    wrong = [name for name in fields if name not in table.c or name in fixed]
    if wrong:
        raise TypeError(f"{table.name}: {', '.join(wrong)} cannot be set by this method")
    return dict(fields)


_REMEDIES = {
    "session": "List yours: vestibule session list.",
    "machine": "List yours: vestibule vm list.",
    "credential": "List yours: vestibule credentials list.",
    "user": "Look at the name again; the operator can add one: vestibule user add NAME.",
    "token": "List yours with GET /api/tokens.",
    "view link": "List those of the session: vestibule session shares ID.",
}


def absent(thing: str, name: str) -> Absent:
    """There is no row of this name.

    The services say the same, word for word, of one that is someone else's: nobody can tell them apart.
    """
    return Absent(f"There is no {thing} {name}.", remedy=_REMEDIES[thing])


def state_changed(thing: str, name: str, status: str) -> Conflict:
    """The row has moved on since the caller looked."""
    return Conflict(
        f"The {thing} {name} is {status} by now.",
        remedy=f"Read the {thing} again and go on from there.",
        code="state_changed",
        status=status,
    )
