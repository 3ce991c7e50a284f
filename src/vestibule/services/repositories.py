"""The store of truth, as protocols: every method is one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from vestibule.core.forecast import ExpiryWarning
from vestibule.core.ids import (
    CredentialId,
    GoldenId,
    KeyId,
    SessionId,
    TokenId,
    UserId,
    ViewLinkId,
    VmId,
)
from vestibule.core.machines import DriverName, MachineRecord, MachineStatus
from vestibule.core.records import (
    ApiToken,
    CredentialRecord,
    CustodyRecord,
    History,
    NoticeRecord,
    Sealed,
    SessionRecord,
    StageRecord,
    User,
    ViewTicketRecord,
)
from vestibule.core.sessions import SessionStatus
from vestibule.core.steps import StepRecord
from vestibule.core.view_links import ViewLinkEnd, ViewLinkRecord


class Sessions(Protocol):
    """Table ``auth_sessions`` with its stages and notices."""

    async def add(self, session: SessionRecord) -> None:
        """Insert with its first stage.

        Raises Conflict ``session_open`` when the user already has an unfinished one for this provider
        (a partial unique index, not a look-up): evidence ``session_id``.
        """
        ...

    async def get(self, session_id: SessionId) -> SessionRecord:
        """Raise Absent when there is none."""
        ...

    async def advance(
        self,
        session_id: SessionId,
        *,
        seen: SessionStatus,
        to: SessionStatus,
        at: dt.datetime,
        **fields: object,
    ) -> SessionRecord:
        """Compare-and-swap ``seen`` → ``to`` with more columns in the same transaction; adds the stage.

        Raises Conflict ``state_changed`` when the row is no longer in ``seen``.
        """
        ...

    async def complete(
        self, session_id: SessionId, credential: CredentialRecord, *, seen: SessionStatus, at: dt.datetime
    ) -> SessionRecord:
        """Store the sealed credential and ``seen`` → completed in one transaction.

        Raises Conflict ``vault_key_retired`` as ``Credentials.move``.
        """
        ...

    async def update(self, session_id: SessionId, **fields: object) -> SessionRecord:
        """Change columns of an unfinished session.  Raises Conflict ``state_changed`` when it is final."""
        ...

    async def keep_first_frame(self, session_id: SessionId, ms: int) -> SessionRecord | None:
        """Set ``first_frame_ms`` of an unfinished session that has none yet, or return None."""
        ...

    async def note(self, notice: NoticeRecord) -> SessionRecord:
        """Add a notice; the same code twice for one session keeps the newest."""
        ...

    async def stages(self, session_id: SessionId) -> Sequence[StageRecord]:
        """Its history, oldest first."""
        ...

    async def notices(self, session_id: SessionId) -> Sequence[NoticeRecord]:
        """Its notices, oldest first."""
        ...

    async def histories(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, History]:
        """Stages and notices of each, as above: two statements, however many there are."""
        ...

    async def of_user(self, user_id: UserId, limit: int = 100) -> Sequence[SessionRecord]:
        """A user's sessions, newest first."""
        ...

    async def unfinished(self) -> Sequence[SessionRecord]:
        """All sessions that are in no final state."""
        ...


class Machines(Protocol):
    """Table ``vms``; live machines' addresses are unique by a constraint."""

    async def add(self, machine: MachineRecord) -> None:
        """Insert.  Raises Conflict ``address_taken`` when a live machine holds its address."""
        ...

    async def get(self, vm_id: VmId) -> MachineRecord:
        """Raise Absent when there is none."""
        ...

    async def advance(self, vm_id: VmId, *, to: MachineStatus, **fields: object) -> MachineRecord:
        """Move along MACHINE_TRANSITIONS.  Raises Conflict ``state_changed`` when that is not allowed."""
        ...

    async def update(self, vm_id: VmId, **fields: object) -> MachineRecord:
        """Change columns other than ``status``.  Raises Absent."""
        ...

    async def claim_warm(
        self,
        golden_id: GoldenId,
        driver: DriverName,
        *,
        user_id: UserId,
        session_id: SessionId | None,
        at: dt.datetime,
    ) -> MachineRecord | None:
        """Give the machine of this golden that is warm the longest to a user; None when there is none.

        Whoever asks at the same time gets another one.
        """
        ...

    async def live(self) -> Sequence[MachineRecord]:
        """All machines in a live state, oldest first."""
        ...

    async def of_user(self, user_id: UserId, limit: int = 100) -> Sequence[MachineRecord]:
        """A user's machines, newest first."""
        ...

    async def ended_of(
        self, golden_id: GoldenId, *, since: dt.datetime, limit: int
    ) -> Sequence[MachineRecord]:
        """The newest ended machines of a golden that were begun ``since``, oldest first."""
        ...


class SessionsWithMachine(Protocol):
    """The one transaction that spans both tables."""

    async def machine_running(
        self,
        session_id: SessionId,
        vm_id: VmId,
        *,
        at: dt.datetime,
        session_fields: dict[str, object],
        machine_fields: dict[str, object],
    ) -> SessionRecord:
        """Machine creating → running and session started → vm_created, together or not at all."""
        ...


class Credentials(Protocol):
    """Table ``credentials`` with the history of their custody."""

    async def get(self, credential_id: CredentialId) -> CredentialRecord:
        """Revoked ones too.  Raise Absent when there is none."""
        ...

    async def of_user(self, user_id: UserId) -> Sequence[CredentialRecord]:
        """A user's credentials that are not revoked, newest first."""
        ...

    async def move(
        self, seen: CredentialRecord, to: CredentialRecord, *, at: dt.datetime
    ) -> CredentialRecord:
        """Compare-and-swap the row ``seen`` → ``to``, and add that to its history, on the disk.

        Raises Conflict ``state_changed`` when the row is no longer ``seen`` or custody does not go that way,
        ``vault_key_retired`` when its master key is not in use any more: wrap it anew and store that.
        """
        ...

    async def rewrap(self, seen: CredentialRecord, sealed: Sealed) -> bool:
        """Put ``sealed`` in the place of what ``seen`` has, on the disk, whatever its custody is by now.

        False when the row's content is another one meanwhile.  Not a change of custody: ``seq`` stays.
        """
        ...

    async def history(self, credential_id: CredentialId) -> Sequence[CustodyRecord]:
        """Every state of its custody, oldest first."""
        ...


class VaultKeys(Protocol):
    """Table ``vault_keys``: which master keys rows may be sealed under; of the keys only their ids."""

    async def admit(self, key_id: KeyId) -> None:
        """From now on rows may be stored under this key, on the disk; idempotent."""
        ...

    async def needed(self) -> frozenset[KeyId | None]:
        """The keys that rows are sealed under; None stands for ``Sealed.key_id`` None."""
        ...

    async def not_under(self, key_id: KeyId) -> Sequence[CredentialId]:
        """Credentials that have a content which another key opens, in a stable order."""
        ...

    async def retire(self, key_id: KeyId) -> bool:
        """Let no row be stored under this key any more, on the disk; idempotent.

        False, and nothing is changed, when a row needs it or one is there that names no key.
        """
        ...


class Warnings(Protocol):
    """Table ``credential_warnings``."""

    async def unwarned(self, after: dt.datetime, before: dt.datetime) -> Sequence[CredentialRecord]:
        """Credentials that end after ``after``, at the latest at ``before``, and were not warned of that."""
        ...

    async def add(self, warning: ExpiryWarning) -> None:
        """Store it, on the disk; one that is there stays as it is."""
        ...

    async def undelivered(self, now: dt.datetime) -> Sequence[ExpiryWarning]:
        """Those to be posted now, the oldest first."""
        ...

    async def store(self, warning: ExpiryWarning) -> None:
        """Change what became of posting it."""
        ...

    async def drop(self, warning: ExpiryWarning) -> None:
        """Forget it; idempotent."""
        ...


class Accounts(Protocol):
    """Tables ``users``, ``api_tokens``, ``sign_in_links``, ``view_tickets``; of secrets only the SHA-256."""

    async def add_user(self, user: User) -> None:
        """Raise Conflict ``user_exists`` when the name is taken."""
        ...

    async def user(self, user_id: UserId) -> User:
        """Raise Absent."""
        ...

    async def user_named(self, name: str) -> User:
        """Raise Absent."""
        ...

    async def users(self) -> Sequence[User]:
        """All, oldest first."""
        ...

    async def first_user(self) -> User:
        """The oldest.  Raise Absent when there is none."""
        ...

    async def remove_user(self, user_id: UserId) -> None:
        """Delete a user and every row of theirs.

        Raise Absent, Conflict ``user_busy`` while a sign-in, a machine or a credential of theirs is there.
        """
        ...

    async def add_link(
        self, secret_hash: bytes, user_id: UserId, expires_at: dt.datetime, now: dt.datetime
    ) -> None:
        """Store a one-time sign-in link; expired ones are dropped on the way."""
        ...

    async def consume_link(self, secret_hash: bytes, now: dt.datetime) -> User | None:
        """Take a link, once, atomically; None when unknown, used or expired."""
        ...

    async def add_token(self, token: ApiToken) -> None:
        """Store an API token."""
        ...

    async def user_of_token(self, secret_hash: bytes) -> User | None:
        """Whose token it is; None when unknown."""
        ...

    async def tokens(self, user_id: UserId) -> Sequence[ApiToken]:
        """A user's tokens, oldest first."""
        ...

    async def delete_token(self, user_id: UserId, token_id: TokenId) -> None:
        """Raise Absent when it is not this user's."""
        ...

    async def add_ticket(self, ticket: ViewTicketRecord, now: dt.datetime) -> None:
        """Store a view ticket; expired ones are dropped on the way."""
        ...

    async def consume_ticket(
        self, secret_hash: bytes, vm_id: VmId, now: dt.datetime
    ) -> ViewTicketRecord | None:
        """Take a ticket, once, atomically; None when unknown, used, expired or for another machine."""
        ...


class ViewLinks(Protocol):
    """Table ``view_links``; of secrets only the SHA-256."""

    async def add(self, link: ViewLinkRecord) -> None:
        """Store it, on the disk."""
        ...

    async def of_secret(self, secret_hash: bytes) -> ViewLinkRecord | None:
        """The link of this secret, whether it is good or over; None when there is none."""
        ...

    async def of_session(self, session_id: SessionId) -> Sequence[ViewLinkRecord]:
        """A session's links, newest first."""
        ...

    async def good(self) -> Sequence[ViewLinkRecord]:
        """All that have no end yet."""
        ...

    async def end(self, link_id: ViewLinkId, end: ViewLinkEnd, at: dt.datetime) -> ViewLinkRecord | None:
        """Give it its end, on the disk; None when it has one, or is not there."""
        ...


class Steps(Protocol):
    """Table ``steps``."""

    async def store(self, batch: Sequence[StepRecord]) -> Sequence[int]:
        """Add those without a number, change the end of the others; the number of each, in the same order.

        Numbers go on from what is stored.  0: its subject has MAX_STEPS already, and it was not added.
        """
        ...

    async def of(self, subject_id: str) -> Sequence[StepRecord]:
        """A subject's steps, in order of their start."""
        ...

    async def lose_open(self, at: dt.datetime) -> int:
        """Whatever has not ended was lost, and that was noticed ``at``; how many."""
        ...
