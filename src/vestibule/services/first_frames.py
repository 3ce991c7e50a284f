"""How long people wait for their desktop: from Connect to its first frame, measured by their browsers."""

from __future__ import annotations

from collections.abc import Callable

from vestibule.core.errors import Conflict
from vestibule.core.ids import SessionId, VmId
from vestibule.core.records import SessionRecord
from vestibule.core.sessions import Action, allowed_actions
from vestibule.services.feed import Feed
from vestibule.services.repositories import Sessions


class FirstFrames:
    """One per controller."""

    def __init__(self, sessions: Sessions, feed: Feed[SessionId], seen: Callable[[VmId], None]) -> None:
        """``seen`` is told of the machine whose desktop somebody has seen."""
        self._seen = seen
        self._sessions = sessions
        self._feed = feed

    async def keep(self, session: SessionRecord, ms: int) -> SessionRecord:
        """Keep what a browser measured, once: whoever looks on later has not waited from the start.

        Raises Conflict ``action_not_allowed`` while no desktop is shown.
        """
        if Action.VIEW not in allowed_actions(session.status):
            raise Conflict(
                f"The session is {session.status}: it shows no desktop.",
                remedy="Report the first frame while the session's `actions` have `view`.",
                code="action_not_allowed",
            )
        if session.vm_id is not None:
            self._seen(VmId(session.vm_id))
        kept = await self._sessions.keep_first_frame(session.session_id, ms)
        if kept is None:
            return await self._sessions.get(session.session_id)
        self._feed.publish(session.session_id)
        return kept
