"""Clues: what a sign-in has heard that helps to explain its failure."""

from __future__ import annotations

import datetime as dt
from collections import deque
from urllib.parse import urlsplit

from vestibule.core import sessions as s
from vestibule.core.observations import Clues
from vestibule.core.records import SessionRecord
from vestibule.services import guest_events
from vestibule.services.missed_sites import MissedSites
from vestibule_agent.protocol import Event

KEPT_ERRORS = 5
"""Of what the tool said that went wrong, the newest."""


class Heard:
    """Of one sign-in, in memory."""

    def __init__(self) -> None:
        self.taken_over_at: dt.datetime | None = None
        """By the guest's clock, as its events are: from then on this controller was there."""
        self._unattended = False
        self._refused_login: str | None = None
        self._tool_errors: deque[str] = deque(maxlen=KEPT_ERRORS)

    def add(self, event: Event) -> None:
        """Remember what matters of a guest's event.  Raises MachineFailed ``agent_mismatch``."""
        if event.type == "credential_invalid":
            self._refused_login = guest_events.cause(event)
        elif event.type == "tool_error":
            self._tool_errors.append(guest_events.text(event, "text")[: guest_events.MAX_ERROR])
        elif event.type == "tool_exited" and self.taken_over_at is not None:
            ended_at = guest_events.moment(event.at)
            self._unattended = ended_at is not None and ended_at < self.taken_over_at

    def clues(self, event: s.SessionEvent, record: SessionRecord, missed: MissedSites) -> Clues:
        """What is known when ``event`` ends the sign-in."""
        page = missed.miss_of(urlsplit(record.auth_url or "").hostname)
        return Clues(
            tool_exit=event.exit_code if isinstance(event, s.ToolExited) else None,
            tool_errors=tuple(self._tool_errors),
            refused_login=self._refused_login,
            unreachable=missed.causes["unreachable"],
            refused=missed.causes["refused"],
            unattended=self._unattended,
            page_known=record.auth_url is not None,
            page_missed=page.cause if page is not None else None,
        )
