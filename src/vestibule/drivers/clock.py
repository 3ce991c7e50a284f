"""The wall clock."""

from __future__ import annotations

import datetime as dt


class SystemClock:
    """Port ``Clock`` on the host's own clock."""

    def now(self) -> dt.datetime:
        """The present moment, UTC."""
        return dt.datetime.now(dt.UTC)
