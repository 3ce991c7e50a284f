"""The host's clocks."""

from __future__ import annotations

import datetime as dt
import time


class SystemClock:
    """Ports ``Clock`` and ``SteadyClock`` on the host's own clocks."""

    def now(self) -> dt.datetime:
        """The present moment, UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """See services.ports.SteadyClock: CLOCK_MONOTONIC, which counts on while a process is stopped."""
        return time.monotonic()
