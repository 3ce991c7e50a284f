"""The host's last hours: samples in memory, as many as a chart shows; a new controller begins anew."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from vestibule.core.errors import VestibuleError
from vestibule.core.host_history import HostReading, HostSample, sample
from vestibule.services.feed import Feed
from vestibule.services.ports import Clock

log = structlog.get_logger()

EVERY_S = 15.0
MOST = 720
"""Three hours."""
_HOST = "host"


class HostHistory:
    """One per controller: a task."""

    def __init__(
        self, *, host: str, read: Callable[[], HostReading], machines: Callable[[], int], clock: Clock
    ) -> None:
        """``read`` reads files, and raises HostUnfit; ``machines`` counts those that run."""
        self.host = host
        self._read = read
        self._machines = machines
        self._clock = clock
        self._before: HostReading | None = None
        self._samples: deque[HostSample] = deque(maxlen=MOST)
        self._feed: Feed[str] = Feed()
        self._failing = False

    @property
    def samples(self) -> Sequence[HostSample]:
        """Oldest first."""
        return tuple(self._samples)

    async def run(self) -> None:
        """Until cancelled: a sample every EVERY_S."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Take a sample; the first look is only what the second is compared with."""
        try:
            now = await asyncio.to_thread(self._read)
        except VestibuleError as error:
            if not self._failing:
                log.warning("The host could not be sampled; this is not said again", cause=error.cause)
            self._failing = True
            return
        self._failing = False
        if self._before is not None:
            self._samples.append(sample(self._before, now, at=self._clock.now(), machines=self._machines()))
            self._feed.publish(_HOST)
        self._before = now

    def changes(self, idle_s: float) -> AsyncIterator[bool]:
        """Yield True at once and after every sample, False after ``idle_s`` without one."""
        return self._feed.changes(_HOST, idle_s)

    def close(self) -> None:
        """End every subscription: the controller stops."""
        self._feed.close()
