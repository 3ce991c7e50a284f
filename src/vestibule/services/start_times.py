"""Start times, as people may see them: of everybody's machines for the operator, of one's own for others."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from vestibule.core.ids import UserId
from vestibule.core.records import User
from vestibule.core.start_times import Start, StartTimes, distributions
from vestibule.services.accounts import Accounts
from vestibule.services.ports import Clock

MOST = 1000
"""Of the newest machines: a chart says no more of more of them."""


class StartRows(Protocol):
    """What the store says of machines that were confirmed."""

    async def starts(self, since: dt.datetime, user_id: UserId | None, most: int) -> Sequence[Start]:
        """Those of the newest ``most`` machines; of everybody, or of one user."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class SeenStarts:
    """Distributions, and whose they are."""

    of_everybody: bool
    goldens: Sequence[StartTimes]


class StartReports:
    """One per controller."""

    def __init__(self, *, rows: StartRows, accounts: Accounts, clock: Clock) -> None:
        self._rows = rows
        self._accounts = accounts
        self._clock = clock

    async def seen_by(self, user: User, days: int) -> SeenStarts:
        """Of the last ``days`` times 24 hours."""
        everybody = await self._accounts.is_operator(user)
        since = self._clock.now() - dt.timedelta(days=days)
        starts = await self._rows.starts(since, None if everybody else user.user_id, MOST)
        return SeenStarts(of_everybody=everybody, goldens=distributions(starts))
