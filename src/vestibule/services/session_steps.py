"""The steps of a session that last from one of its states to the next, whichever task brings that about.

::

    ready ──login──▶ awaiting_user_auth ──person──▶ authenticating (claim) ──seal──▶ completed
"""

from __future__ import annotations

from collections.abc import Mapping

from vestibule.core.records import SessionRecord
from vestibule.core.sessions import FINAL, SessionStatus
from vestibule.core.steps import StepName, StepOutcome
from vestibule.services.step_writer import OpenStep
from vestibule.services.timeline import Ending, Timeline

_BEGINS: Mapping[SessionStatus, StepName] = {
    SessionStatus.READY: StepName.LOGIN,
    SessionStatus.AWAITING_USER_AUTH: StepName.PERSON,
}


class SessionSteps:
    """Of one sign-in under way."""

    def __init__(self, timeline: Timeline, record: SessionRecord) -> None:
        self._timeline = timeline
        self._session_id = record.session_id
        self._open: OpenStep | None = None
        self._status: SessionStatus | None = None
        timeline.know(record.session_id, provider=record.provider)

    def reached(self, record: SessionRecord) -> None:
        """The session is in this state now: what led here has ended, what follows begins."""
        if record.status is self._status:
            return
        self._status = record.status
        self._close(_ending(record))
        if (name := _BEGINS.get(record.status)) is not None:
            self._open = self._timeline.begin(self._session_id, name)

    def sealing(self) -> None:
        """The credential is here, and on its way into the store."""
        self._open = self._timeline.begin(self._session_id, StepName.SEAL)

    def finish(self, record: SessionRecord) -> None:
        """Nothing of the session runs any more."""
        if record.status not in FINAL:  # its end could not be stored, or it was left to the next controller
            self._close((StepOutcome.CANCELLED, None))
            return
        self.reached(record)
        self._timeline.finish(self._session_id, "sign-in", since=record.created_at, ending=_ending(record))

    def _close(self, ending: Ending) -> None:
        if self._open is not None:
            self._timeline.end(self._open, ending)
            self._open = None


def _ending(record: SessionRecord) -> Ending:
    match record.status:
        case SessionStatus.FAILED | SessionStatus.TIMEOUT:
            return StepOutcome.FAILED, record.error_code
        case SessionStatus.CANCELLED:
            return StepOutcome.CANCELLED, None
        case _:
            return StepOutcome.DONE, None
