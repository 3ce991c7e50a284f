"""The audit: who did what, on what, when, from where, and what came of it.

Deeds of people come through the API; what the controller does by itself has no actor.  An event holds ids,
names and codes, never a secret, and is never changed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum

from vestibule.core.ids import UserId
from vestibule.core.redaction import redact

MAX_SUBJECT = 128
MAX_DETAIL = 300
"""Characters of an event's texts; what is longer ends in an ellipsis."""


class AuditAction(enum.StrEnum):
    """What was done, or asked for and refused."""

    SIGNED_IN = "signed_in"
    """A one-time link was exchanged for a cookie."""
    SIGN_IN_LINK_MADE = "sign_in_link_made"
    USER_ADDED = "user_added"
    USER_REMOVED = "user_removed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 (what was done, not a token)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (as above)
    SIGN_IN_STARTED = "sign_in_started"
    """To a tool: a session began."""
    SIGN_IN_CANCELLED = "sign_in_cancelled"
    MACHINE_STARTED = "machine_started"
    """Without a sign-in."""
    MACHINE_STOPPED = "machine_stopped"
    """Somebody asked for its end."""
    MACHINE_DESTROYED = "machine_destroyed"
    """It is gone, for whatever reason."""
    FILE_UPLOADED = "file_uploaded"
    """Into a machine; the detail is its name and size."""
    FILE_DOWNLOADED = "file_downloaded"
    """Out of a machine: it was begun to be handed out."""
    GOLDEN_RENEWED = "golden_renewed"
    """Somebody asked for the golden of today's inputs."""
    GOLDEN_PROMOTED = "golden_promoted"
    GOLDEN_ROLLED_BACK = "golden_rolled_back"
    """The subject is the golden that was left."""
    GOLDEN_REJECTED = "golden_rejected"
    GOLDEN_NOT_RENEWED = "golden_not_renewed"
    """Its build, its snapshot or its trial broke; code and detail say why."""
    CREDENTIAL_SEALED = "credential_sealed"
    CREDENTIAL_CHECKED_OUT = "credential_checked_out"
    CREDENTIAL_RETURNED = "credential_returned"
    CREDENTIAL_REFUSED = "credential_refused"
    """Returned, as one that the provider did not accept any more."""
    CREDENTIAL_EXPORTED = "credential_exported"
    CREDENTIAL_REVOKED = "credential_revoked"
    KEY_ROTATED = "key_rotated"
    """A batch of credentials got the new master key."""
    VIEW_LINK_MADE = "view_link_made"
    """Somebody may watch a sign-in without an account; the subject is the session."""
    VIEW_LINK_OPENED = "view_link_opened"
    """From an address that had not opened it before; who that was is not known."""
    VIEW_LINK_REVOKED = "view_link_revoked"
    VIEW_LINK_EXPIRED = "view_link_expired"
    """Its time, or its session, was over."""
    OPERATOR_ASKED = "operator_asked"
    """Somebody who is not the operator asked for what only the operator may."""


BEFORE_THE_ANSWER = frozenset(
    {
        AuditAction.SIGN_IN_LINK_MADE,
        AuditAction.USER_ADDED,
        AuditAction.TOKEN_ISSUED,
        AuditAction.CREDENTIAL_CHECKED_OUT,
        AuditAction.CREDENTIAL_EXPORTED,
        AuditAction.KEY_ROTATED,
        AuditAction.VIEW_LINK_MADE,
    }
)
"""Their answers hold a secret, or keys change: on the disk before anybody is answered."""


class AuditOutcome(enum.StrEnum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"
    """It was not allowed, or not possible then; ``code`` says why."""
    FAILED = "failed"
    """It was begun and broke."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One row of the table ``audit_events``, before it has a number."""

    at: dt.datetime
    action: AuditAction
    actor_id: UserId | None = None
    """None: the controller itself, or a command on its host."""
    address: str | None = None
    """The other end of the actor's connection: behind a proxy, the proxy's."""
    subject: str = ""
    """Id or name of what it was done to."""
    outcome: AuditOutcome = AuditOutcome.DONE
    code: str | None = None
    """Failure code of what was not done."""
    detail: str = ""
    """A word more: the tool, the holder, the reason."""


def fit(event: AuditEvent) -> AuditEvent:
    """The event as it is kept: no secret in its texts, none of them long.

    Names and reasons are typed by people; what looks like a secret in them is taken out.
    """
    return dataclasses.replace(
        event,
        subject=_cut(redact(event.subject), MAX_SUBJECT),
        detail=_cut(redact(event.detail), MAX_DETAIL),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
