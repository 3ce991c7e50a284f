"""Tables that a person sorts, filters and pages through: what is asked, and what is answered.

The store does the work (``drivers/db/tables.py``); a page is a window into the rows that fit, with their
number, and the choices that would narrow them further.  However many rows there are, REACH of them are looked
at: the newest, or the oldest where those are asked for first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from vestibule.core.audit import AuditAction, AuditOutcome
from vestibule.core.custody import Custody
from vestibule.core.ids import CredentialId, GoldenId, SessionId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation, MachineStatus
from vestibule.core.sessions import SessionStatus

R = TypeVar("R")

MOST_CHOICES = 50
"""Of one facet: the most frequent ones."""
REACH = 5_000
"""Rows that are looked at: of whom and of which time it was asked for."""


class TableName(enum.StrEnum):
    """What there is a table of."""

    MACHINES = "machines"
    SESSIONS = "sessions"
    CREDENTIALS = "credentials"
    AUDIT = "audit"


class Order(enum.StrEnum):
    """Which end comes first."""

    ASC = "asc"
    DESC = "desc"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """A window into a table."""

    sort: str
    """Name of a sortable column; rows that are alike in it come in the order of their ids."""
    order: Order
    offset: int
    limit: int
    text: str = ""
    """Part of an id or name, in whatever case; empty: all.  A whole id is found beyond REACH too."""
    chosen: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """Facet → values, any of which fits; an empty choice is none."""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    """That moment is not in it."""
    of_user: UserId | None = None
    """None: everybody's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """A value of a facet, and how many rows it would leave."""

    value: str
    count: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Page(Generic[R]):
    """What the window shows."""

    rows: Sequence[R]
    total: int
    """Rows that fit, in all windows, among those that were looked at."""
    bounded: bool
    """There are more rows than were looked at, of that user and time."""
    facets: Mapping[str, Sequence[Choice]]
    """Most frequent first; counted without the facet's own choice, so that another can be added to it."""


class MachineSort(enum.StrEnum):
    """Columns that machines are sorted by."""

    CREATED_AT = "created_at"
    ENDED_AT = "ended_at"
    STATUS = "status"
    GOLDEN_ID = "golden_id"
    OWNER = "owner"


class SessionSort(enum.StrEnum):
    """Columns that sessions are sorted by."""

    CREATED_AT = "created_at"
    COMPLETED_AT = "completed_at"
    STATUS = "status"
    PROVIDER = "provider"
    OWNER = "owner"


class CredentialSort(enum.StrEnum):
    """Columns that credentials are sorted by."""

    SEALED_AT = "sealed_at"
    LOGIN_EXPIRES_AT = "login_expires_at"
    CUSTODY = "custody"
    PROVIDER = "provider"
    OWNER = "owner"


class AuditSort(enum.StrEnum):
    """Columns that the audit is sorted by."""

    AT = "at"
    ACTION = "action"
    ACTOR = "actor"


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineRow:
    """A machine in a table."""

    vm_id: VmId
    owner: str
    """The name of whose it is."""
    session_id: SessionId | None
    status: MachineStatus
    driver: DriverName
    isolation: Isolation
    golden_id: GoldenId
    host: str
    vm_ip: str
    error_code: str | None
    error_cause: str | None
    created_at: dt.datetime
    running_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A session in a table: without what is its person's alone, such as address and code of the sign-in."""

    session_id: SessionId
    owner: str
    provider: str
    status: SessionStatus
    driver: DriverName | None
    vm_id: VmId | None
    golden_id: GoldenId | None
    error_code: str | None
    error_cause: str | None
    error_remedy: str | None
    created_at: dt.datetime
    completed_at: dt.datetime | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialRow:
    """A credential in a table, without its content."""

    credential_id: CredentialId
    owner: str
    session_id: SessionId
    provider: str
    account: str | None
    custody: Custody
    holder: str | None
    held_since: dt.datetime | None
    sealed_at: dt.datetime
    login_expires_at: dt.datetime | None
    doubt: str | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditRow:
    """An event of the audit in its table."""

    number: int
    """Counts events as they were stored."""
    at: dt.datetime
    action: AuditAction
    actor_id: UserId | None
    actor: str | None
    """The name at that time; None: nobody, the controller itself."""
    address: str | None
    subject: str
    outcome: AuditOutcome
    code: str | None
    detail: str
