"""Custody: who has a credential, the vault or one live holder.

::

    sealed ──→ checked_out ──→ returned ──→ checked_out …
       └───────────┴──────────────┴──────→ revoked          (deleted by its owner; final)

A provider rotates refresh tokens: two programs that refresh the same credential log each other out.  So it
has one live holder at most; ``holding`` says who may move it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Custody(enum.StrEnum):
    """What has become of a credential since it was sealed."""

    SEALED = "sealed"
    """In the vault, as its sign-in brought it."""
    CHECKED_OUT = "checked_out"
    """With its live holder, who may refresh it."""
    RETURNED = "returned"
    """In the vault again."""
    REVOKED = "revoked"
    """Deleted by its owner: its content is gone, its history is not."""


C = Custody

TRANSITIONS: Mapping[Custody, frozenset[Custody]] = {
    C.SEALED: frozenset({C.CHECKED_OUT, C.REVOKED}),
    C.CHECKED_OUT: frozenset({C.RETURNED, C.REVOKED}),
    C.RETURNED: frozenset({C.CHECKED_OUT, C.REVOKED}),
    C.REVOKED: frozenset(),
}
