"""Rows of the database as values; the one place where a column's meaning is written down."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from vestibule.core.custody import Custody
from vestibule.core.ids import CredentialId, GoldenId, KeyId, SessionId, TokenId, UserId, VmId
from vestibule.core.machines import DriverName, Isolation
from vestibule.core.providers import Flow
from vestibule.core.sessions import SessionStatus


@dataclasses.dataclass(frozen=True, kw_only=True)
class User:
    """Someone who may sign in to this controller."""

    user_id: UserId
    name: str
    created_at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class ApiToken:
    """A token for scripts; only the SHA-256 of its secret is stored."""

    token_id: TokenId
    user_id: UserId
    label: str
    secret_hash: bytes
    created_at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class SessionRecord:
    """One row of ``auth_sessions``; fields are filled in the transaction of the state that promises them."""

    session_id: SessionId
    user_id: UserId
    provider: str
    status: SessionStatus
    driver: DriverName | None = None
    isolation: Isolation | None = None
    flow: Flow | None = None
    """How its person signs in; None for a session of before there was a choice."""
    browser_vm_id: VmId | None = None
    vm_id: VmId | None = None
    vm_ip: str | None = None
    page_url: str | None = None
    """Absolute address of its page, from the first moment; ``vnc_url`` once there is a machine."""
    vnc_url: str | None = None
    auth_url: str | None = None
    user_code: str | None = None
    code_asked: bool = False
    """The tool waits for the code that the sign-in page shows."""
    page_title: str | None = None
    golden_id: GoldenId | None = None
    agent_build: str | None = None
    credential_id: CredentialId | None = None
    error_code: str | None = None
    error_cause: str | None = None
    error_remedy: str | None = None
    error_stage: SessionStatus | None = None
    error_evidence: Mapping[str, str] = dataclasses.field(default_factory=dict)
    seq: int = 0
    """Counts every change; the id of the server-sent event that shows it."""
    deadline_at: dt.datetime | None = None
    created_at: dt.datetime
    completed_at: dt.datetime | None = None
    first_frame_ms: int | None = None
    """From the click on Connect to the first frame that is not black, by the person's browser."""
    bulk_expired_at: dt.datetime | None = None
    """When the janitor took evidence, notices, steps, addresses and page title away."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StageRecord:
    """A state that a session reached, and when."""

    session_id: SessionId
    status: SessionStatus
    at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoticeRecord:
    """Something the person should know that is not a failure."""

    session_id: SessionId
    code: str
    text: str
    at: dt.datetime


History = tuple[Sequence[StageRecord], Sequence[NoticeRecord]]
"""Of a session, both oldest first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sealed:
    """What the vault made of a content, and which master key opens it; the two are only of use together."""

    key_id: KeyId | None
    """None: sealed by the master key itself, as the first release did."""
    content: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CredentialRecord:
    """A sealed credential: its content is only in ``sealed``, which is empty once it is revoked."""

    credential_id: CredentialId
    user_id: UserId
    session_id: SessionId
    provider: str
    account: str | None
    expires_at: dt.datetime | None
    """Of what it holds to sign requests with; a holder may get another without a person."""
    login_expires_at: dt.datetime | None = None
    """After that only a person can make a new one; None where nobody says."""
    scopes: tuple[str, ...] = ()
    sealed: bytes = dataclasses.field(repr=False)
    key_id: KeyId | None = None
    """As ``Sealed.key_id``; None too once it is revoked."""
    sealed_at: dt.datetime
    custody: Custody = Custody.SEALED
    holder: str | None = None
    """The name that its live holder gave itself; None unless it is checked out."""
    held_since: dt.datetime | None = None
    doubt: str | None = None
    """Why what is kept may not work any more; None as long as nothing speaks against it."""
    seq: int = 0
    """Counts every change of custody: a row with another one is not the row that was read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CustodyRecord:
    """A state of custody that a credential reached, and when; ``holder`` had it before or has it then."""

    credential_id: CredentialId
    seq: int
    custody: Custody
    holder: str | None
    at: dt.datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewTicketRecord:
    """The right to view one machine once; only the SHA-256 of its secret is stored."""

    secret_hash: bytes
    vm_id: VmId
    user_id: UserId
    expires_at: dt.datetime
