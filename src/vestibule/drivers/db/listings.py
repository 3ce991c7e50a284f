"""What each table may be asked for: its columns, whose rows they are, what narrows it, what is searched.

The default order of each is that of an index, so that the newest rows are found without a look at the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from vestibule.core.tables import AuditRow, CredentialRow, MachineRow, SessionRow
from vestibule.drivers.db.schema import audit_events, auth_sessions, credentials, users, vms

R = TypeVar("R")
Column = sa.ColumnElement[Any]

_OWNER = users.c.name.label("owner")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listing(Generic[R]):
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
    """By part of them."""
    ids: Sequence[Column]
    """Each has an index: a whole id is found without a search."""


def _columns(kind: type[Any], table: sa.Table) -> Mapping[str, Column]:
    """Columns are called what the record's fields are called."""
    names = [field.name for field in dataclasses.fields(kind)]
    return {name: _OWNER if name == "owner" else table.c[name] for name in names}


def _owned(table: sa.Table) -> sa.FromClause:
    return table.join(users, users.c.user_id == table.c.user_id)


MACHINES = Listing(
    kind=MachineRow,
    columns=_columns(MachineRow, vms),
    source=_owned(vms),
    key=vms.c.vm_id,
    of_user=vms.c.user_id,
    at=vms.c.created_at,
    facets=("status", "driver", "golden_id", "owner"),
    searched=("vm_id", "session_id", "golden_id", "vm_ip", "owner", "error_code"),
    ids=(vms.c.vm_id, vms.c.session_id),
)
SESSIONS = Listing(
    kind=SessionRow,
    columns=_columns(SessionRow, auth_sessions),
    source=_owned(auth_sessions),
    key=auth_sessions.c.session_id,
    of_user=auth_sessions.c.user_id,
    at=auth_sessions.c.created_at,
    facets=("status", "provider", "error_code", "owner"),
    searched=("session_id", "vm_id", "golden_id", "provider", "owner", "error_code"),
    ids=(auth_sessions.c.session_id,),
)
CREDENTIALS = Listing(
    kind=CredentialRow,
    columns=_columns(CredentialRow, credentials),
    source=_owned(credentials),
    key=credentials.c.credential_id,
    of_user=credentials.c.user_id,
    at=credentials.c.sealed_at,
    facets=("custody", "provider", "owner"),
    searched=("credential_id", "session_id", "provider", "account", "holder", "owner"),
    ids=(credentials.c.credential_id, credentials.c.session_id),
)
AUDIT = Listing(
    kind=AuditRow,
    columns=_columns(AuditRow, audit_events),
    source=audit_events,
    key=audit_events.c.number,
    of_user=audit_events.c.actor_id,
    at=audit_events.c.at,
    facets=("action", "outcome", "actor"),
    searched=("subject", "actor", "address", "code", "detail"),
    ids=(audit_events.c.subject,),
)
