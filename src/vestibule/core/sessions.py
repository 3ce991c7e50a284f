"""Sign-in sessions: the states, one transition table, and ``decide``.

::

    started → vm_created → ready → awaiting_user_auth → authenticating → completed
       └──────────┴─────────┴──────────────┴───────────────┴→ failed | timeout | cancelled

The four last states are final: nothing leaves them.
"""

from __future__ import annotations

import enum


class SessionStatus(enum.StrEnum):
    """A sign-in session's states, in order of progress."""

    STARTED = "started"
    VM_CREATED = "vm_created"
    READY = "ready"
    AWAITING_USER_AUTH = "awaiting_user_auth"
    AUTHENTICATING = "authenticating"
    COMPLETED = "completed"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


FINAL = frozenset(
    {SessionStatus.COMPLETED, SessionStatus.FAILED, SessionStatus.TIMEOUT, SessionStatus.CANCELLED}
)


class Action(enum.StrEnum):
    """What a person may do with a session; the API returns those that are allowed now."""

    CANCEL = "cancel"
    VIEW = "view"
    OPEN_URL = "open_url"
    PASTE = "paste"
    HEARTBEAT = "heartbeat"
    RETRY = "retry"
