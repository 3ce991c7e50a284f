"""View links: who opens one watches a sign-in's desktop for a while, without an account, and touches nothing.

::

    good ──▶ revoked        by the owner
      ├────▶ expired        its time is over
      └────▶ session_over   the sign-in has ended, and its desktop with it
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum

from vestibule.core.failures import FailureCode
from vestibule.core.ids import SessionId, ViewLinkId


class ViewLinkEnd(enum.StrEnum):
    """Why a link is good no more."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    SESSION_OVER = "session_over"

    @property
    def code(self) -> FailureCode:
        """What whoever brings such a link is told."""
        return _CODES[self]


_CODES = {
    ViewLinkEnd.REVOKED: FailureCode.VIEW_LINK_REVOKED,
    ViewLinkEnd.EXPIRED: FailureCode.VIEW_LINK_EXPIRED,
    ViewLinkEnd.SESSION_OVER: FailureCode.SESSION_OVER,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class ViewLinkRecord:
    """One row of ``view_links``; only the SHA-256 of its secret is stored."""

    link_id: ViewLinkId
    session_id: SessionId
    secret_hash: bytes = dataclasses.field(repr=False)
    created_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None = None
    end: ViewLinkEnd | None = None


def end_of(link: ViewLinkRecord, now: dt.datetime, *, session_open: bool) -> ViewLinkEnd | None:
    """Why the link is good no more; None while it is good."""
    if link.end is not None:
        return link.end
    if not session_open:
        return ViewLinkEnd.SESSION_OVER
    return ViewLinkEnd.EXPIRED if now >= link.expires_at else None
