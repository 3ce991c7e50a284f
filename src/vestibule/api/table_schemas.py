"""Shapes of the tables: what may be asked of each, and what a page of it is."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AwareDatetime, Field

from vestibule.api.schemas import Failure, Model, Stage
from vestibule.core.audit import AuditAction, AuditOutcome
from vestibule.core.custody import Custody
from vestibule.core.machines import DriverName, Isolation, MachineStatus
from vestibule.core.sessions import SessionStatus
from vestibule.core.tables import REACH, AuditSort, CredentialSort, MachineSort, Order, SessionSort

MAX_LIMIT = 100
MAX_CHOSEN = 50

Word = Annotated[str, Field(min_length=1, max_length=128)]


class TableQuery(Model):
    """What every table may be asked; a facet may be given several times, and fits when any value does.

    However many rows there are, the newest ones of the time that is asked about are looked at, or the
    oldest when they come first; ``since`` and ``until`` choose others.
    """

    order: Order = Order.DESC
    offset: int = Field(default=0, ge=0, lt=REACH, description="Rows before the first one.")
    limit: int = Field(default=25, ge=1, le=MAX_LIMIT)
    q: str = Field(
        default="",
        max_length=100,
        description="Part of an id or name, in whatever case; a whole id is found among all rows.",
    )
    since: AwareDatetime | None = Field(default=None, description="Rows from that moment on.")
    until: AwareDatetime | None = Field(default=None, description="Rows before that moment.")


class MachineQuery(TableQuery):
    """GET /api/tables/machines."""

    sort: MachineSort = MachineSort.CREATED_AT
    status: list[MachineStatus] = Field(default=[], max_length=MAX_CHOSEN)
    driver: list[DriverName] = Field(default=[], max_length=MAX_CHOSEN)
    golden_id: list[Word] = Field(default=[], max_length=MAX_CHOSEN)
    owner: list[Word] = Field(default=[], max_length=MAX_CHOSEN)


class SessionQuery(TableQuery):
    """GET /api/tables/sessions."""

    sort: SessionSort = SessionSort.CREATED_AT
    status: list[SessionStatus] = Field(default=[], max_length=MAX_CHOSEN)
    provider: list[Word] = Field(default=[], max_length=MAX_CHOSEN)
    error_code: list[Word] = Field(default=[], max_length=MAX_CHOSEN)
    owner: list[Word] = Field(default=[], max_length=MAX_CHOSEN)


class CredentialQuery(TableQuery):
    """GET /api/tables/credentials."""

    sort: CredentialSort = CredentialSort.SEALED_AT
    custody: list[Custody] = Field(default=[], max_length=MAX_CHOSEN)
    provider: list[Word] = Field(default=[], max_length=MAX_CHOSEN)
    owner: list[Word] = Field(default=[], max_length=MAX_CHOSEN)


class AuditQuery(TableQuery):
    """GET /api/tables/audit."""

    sort: AuditSort = AuditSort.AT
    action: list[AuditAction] = Field(default=[], max_length=MAX_CHOSEN)
    outcome: list[AuditOutcome] = Field(default=[], max_length=MAX_CHOSEN)
    actor: list[Word] = Field(default=[], max_length=MAX_CHOSEN)


class FacetChoice(Model):
    """A value that narrows the table, and how many rows it would leave."""

    value: str
    count: int


class TablePage(Model):
    """What every page of a table has besides its rows."""

    total: int = Field(description=f"Rows that fit, on all pages, among the {REACH:,} that are looked at.")
    bounded: bool = Field(
        description="There are more rows than were looked at: more than total may fit, of another time."
    )
    of_everybody: bool = Field(description="Rows of all users (the operator's view), or the caller's alone.")
    facets: dict[str, list[FacetChoice]] = Field(
        description="Facet → its most frequent values, counted without its own choice, among the same rows."
    )


class MachineListed(Model):
    """A machine in its table; GET /api/vms/{id} tells all of it."""

    vm_id: str
    owner: str = Field(description="The name of whose it is.")
    session_id: str | None
    status: MachineStatus
    paused: bool = Field(description="Nobody watches it: it stands still until somebody does.")
    driver: DriverName
    isolation: Isolation
    golden_id: str
    host: str
    vm_ip: str
    error_code: str | None
    error_cause: str | None
    created_at: dt.datetime
    running_at: dt.datetime | None
    ended_at: dt.datetime | None


class MachinesPage(TablePage):
    """GET /api/tables/machines, and ``event: page`` of its events."""

    rows: list[MachineListed]


class SessionListed(Model):
    """A session in its table, without what is its person's alone."""

    session_id: str
    owner: str
    provider: str
    status: SessionStatus
    driver: DriverName | None
    vm_id: str | None
    golden_id: str | None
    error_code: str | None
    error_cause: str | None
    error_remedy: str | None
    created_at: dt.datetime
    completed_at: dt.datetime | None


class SessionsPage(TablePage):
    """GET /api/tables/sessions, and ``event: page`` of its events."""

    rows: list[SessionListed]


class SessionDetail(Model):
    """GET /api/tables/sessions/{id}: for its owner and the operator."""

    session: SessionListed
    failure: Failure | None
    stages: list[Stage]


class CredentialListed(Model):
    """A credential in its table, without its content; deleted ones too."""

    credential_id: str
    owner: str
    session_id: str
    provider: str
    account: str | None
    custody: Custody
    holder: str | None
    held_since: dt.datetime | None
    sealed_at: dt.datetime
    login_expires_at: dt.datetime | None = Field(
        description="After that only a person can make a new one; null where nobody says."
    )
    doubt: str | None = Field(description="Why it may not work any more.")


class CredentialsPage(TablePage):
    """GET /api/tables/credentials, and ``event: page`` of its events."""

    rows: list[CredentialListed]


class AuditEvent(Model):
    """Who did what, on what, when, from where, and what came of it."""

    number: int
    at: dt.datetime
    action: AuditAction
    actor_id: str | None
    actor: str | None = Field(
        description="Their name at that time; null: the controller itself, or a command on its host."
    )
    address: str | None = Field(description="The other end of their connection: behind a proxy, the proxy's.")
    subject: str
    outcome: AuditOutcome
    code: str | None = Field(description="Failure code of what was not done.")
    detail: str


class AuditPage(TablePage):
    """GET /api/tables/audit, and ``event: page`` of its events."""

    rows: list[AuditEvent]
