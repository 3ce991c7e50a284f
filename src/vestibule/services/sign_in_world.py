"""What every sign-in works with."""

from __future__ import annotations

import dataclasses

from vestibule.core.ids import SessionId
from vestibule.services.audit import Audit
from vestibule.services.credentials import Credentials
from vestibule.services.feed import Feed
from vestibule.services.machines import Machines
from vestibule.services.ports import SteadyClock
from vestibule.services.repositories import Sessions, SessionsWithMachine
from vestibule.services.stage_limits import StageLimits
from vestibule.services.timeline import Timeline


@dataclasses.dataclass(frozen=True, kw_only=True)
class World:
    """What every run works with; built once."""

    sessions: Sessions
    pair: SessionsWithMachine
    machines: Machines
    credentials: Credentials
    feed: Feed[SessionId]
    clock: SteadyClock
    limits: StageLimits
    timeline: Timeline
    audit: Audit
