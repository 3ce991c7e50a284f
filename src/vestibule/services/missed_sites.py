"""The sites that a machine asked for and did not get to; of one sign-in, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vestibule.core.egress import BROWSER_ERRANDS, NO_INTERNET, Verdict

KEPT = 32
"""The newest; a page asks for many."""


class MissedSites:
    """By name, the newest miss of each; what the machine's browser asks for by itself does not count."""

    def __init__(self) -> None:
        self._verdicts: dict[str, Verdict] = {}
        self._told: set[str] = set()

    def add(self, verdict: Verdict) -> None:
        """Remember it, in the place of an earlier one; the oldest makes room."""
        if verdict.host in BROWSER_ERRANDS:
            return
        self._verdicts[verdict.host] = verdict
        self._told.discard(verdict.host)
        if len(self._verdicts) > KEPT:
            oldest = next(iter(self._verdicts))
            del self._verdicts[oldest]
            self._told.discard(oldest)

    def news_of(self, host: str | None) -> Verdict | None:
        """The miss of this site that was not asked for yet; None when there is none."""
        if host is None or host in self._told or host not in self._verdicts:
            return None
        self._told.add(host)
        return self._verdicts[host]

    def miss_of(self, host: str | None) -> Verdict | None:
        """The newest miss of this site, told or not; None when there is none."""
        return self._verdicts.get(host) if host is not None else None

    @property
    def unreachable(self) -> frozenset[str]:
        """The names of those that are allowed: the host has no way to them."""
        return frozenset(host for host, missed in self._verdicts.items() if missed.reason in NO_INTERNET)

    @property
    def causes(self) -> Mapping[str, Sequence[str]]:
        """Kind of miss → what came of each request."""
        unreachable = self.unreachable
        return {
            "unreachable": [self._verdicts[host].cause for host in self._verdicts if host in unreachable],
            "refused": [self._verdicts[host].cause for host in self._verdicts if host not in unreachable],
        }
