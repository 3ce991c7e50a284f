"""Failures, as people may see them: counts of everybody's for the operator, of one's own for others.

The examples are the asker's own sign-ins in either case: a session belongs to one user.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from vestibule.core import failure_reports
from vestibule.core.failure_reports import Example, FailureReport, Tally
from vestibule.core.ids import UserId
from vestibule.core.records import User
from vestibule.services.accounts import Accounts
from vestibule.services.ports import Clock

MOST_EXAMPLES = 3
"""Of one reason."""


class FailureRows(Protocol):
    """What the store says of sign-ins that have ended."""

    async def tallies(
        self, since: dt.datetime, step: dt.timedelta, user_id: UserId | None
    ) -> Sequence[Tally]:
        """How many ended alike in each step from ``since`` on; of everybody, or of one user.

        Both are full hours.
        """
        ...

    async def examples(self, since: dt.datetime, user_id: UserId, most: int) -> Sequence[Example]:
        """The newest failed ones of a user, ``most`` of each reason that is a recent one, newest first."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """A report, whose it is, and the asker's own examples."""

    report: FailureReport
    of_everybody: bool
    examples: Sequence[Example]


class Failures:
    """One per controller."""

    def __init__(self, *, rows: FailureRows, accounts: Accounts, clock: Clock) -> None:
        self._rows = rows
        self._accounts = accounts
        self._clock = clock

    async def seen_by(self, user: User, days: int) -> Seen:
        """What ended in the last ``days``, today included."""
        now = self._clock.now()
        since = failure_reports.begin_of(now, days)
        of_everybody = await self._accounts.is_operator(user)
        step = failure_reports.step_of(days)
        tallies = await self._rows.tallies(since, step, None if of_everybody else user.user_id)
        return Seen(
            report=failure_reports.report(tallies, now, days),
            of_everybody=of_everybody,
            examples=await self._rows.examples(since, user.user_id, MOST_EXAMPLES),
        )
