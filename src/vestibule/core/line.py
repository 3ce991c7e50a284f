"""The line of sign-ins that wait for a machine: users take turns, each one's own in the order they came.

::

    rotation   ann, bob                order   ann 1, bob 1, ann 2, ann 3
    waiting    ann: 1, 2, 3   bob: 1   ann 1 is served: bob, ann ─▶ bob 1, ann 2, ann 3

Who comes new goes to the end of the rotation, so that nobody is overtaken for ever.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Self

from vestibule.core.ids import SessionId, UserId


@dataclasses.dataclass(frozen=True, kw_only=True)
class Line:
    """Who waits; every change makes another one."""

    rotation: tuple[UserId, ...] = ()
    """Whose turn it is, and whose after that."""
    waiting: Mapping[UserId, tuple[SessionId, ...]] = dataclasses.field(default_factory=dict)
    """Of each user in the rotation at least one, oldest first."""

    def __len__(self) -> int:
        return sum(len(own) for own in self.waiting.values())

    def joined(self, user_id: UserId, session_id: SessionId) -> Self:
        """With one more at the end of its user's own."""
        rotation = self.rotation if user_id in self.waiting else (*self.rotation, user_id)
        own = (*self.waiting.get(user_id, ()), session_id)
        return dataclasses.replace(self, rotation=rotation, waiting={**self.waiting, user_id: own})

    def left(self, session_id: SessionId) -> Self:
        """Without this one, whether it was there or not."""
        rest = {user: tuple(one for one in own if one != session_id) for user, own in self.waiting.items()}
        waiting = {user: own for user, own in rest.items() if own}
        return dataclasses.replace(
            self, rotation=tuple(user for user in self.rotation if user in waiting), waiting=waiting
        )

    def served(self, user_id: UserId, session_id: SessionId) -> Self:
        """Without this one, and with its user at the end of the rotation."""
        rotation = (*(user for user in self.rotation if user != user_id), user_id)
        return dataclasses.replace(self, rotation=rotation).left(session_id)

    def order(self) -> Sequence[tuple[UserId, SessionId]]:
        """Everyone, in the order of their turns."""
        rounds = max((len(own) for own in self.waiting.values()), default=0)
        return [
            (user, self.waiting[user][number])
            for number in range(rounds)
            for user in self.rotation
            if number < len(self.waiting[user])
        ]
