"""Another part of the composition root: how long goldens will take, by the last times on this host.

::

    manifests of snapshots, reports of canaries ─▶ forecast of a renewal; news of a snapshot's steps
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from vestibule.core.machines import DriverName
from vestibule.core.renewal import Forecast, Phase, StepNews, total_s
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.canaries import CanaryReports
from vestibule.drivers.goldens.durations import Durations
from vestibule.drivers.goldens.store import DirectoryGoldenStore
from vestibule.services.golden_ports import Tell


def forecast(
    store: DirectoryGoldenStore, canaries: CanaryReports, drivers: Collection[DriverName]
) -> Forecast:
    """How long what comes after the build of the wanted golden takes for these drivers."""
    snapshot = _snapshot_s(store) if DriverName.QEMU in drivers else 0.0
    tried = total_s(canary_s(canaries, driver) for driver in drivers)
    return Forecast(phases={Phase.SNAPSHOT: snapshot, Phase.CANARY: tried})


def _snapshot_s(store: DirectoryGoldenStore) -> float | None:
    """With a desktop snapshot, where a layer that it is taken above is to be made; 0 when nothing is."""
    *layers, _agent, golden = store.plan().products
    if golden.done:
        return 0.0
    desktop = 0.0 if all(layer.done for layer in layers) else _sum(desktop_estimates(store.cache))
    return total_s([desktop, _sum(snapshot_estimates(store.cache))])


def _sum(estimates: Mapping[str, float]) -> float | None:
    return sum(estimates.values()) if estimates else None


def canary_s(canaries: CanaryReports, driver: DriverName) -> float | None:
    """How long this driver's newest canary took, of whatever golden; None when there was none."""
    newest = canaries.newest(driver)
    return newest.seconds if newest else None


def snapshot_estimates(cache: Cache) -> Mapping[str, float]:
    """Step of a golden's snapshot → seconds of the last time on this host."""
    return Durations(cache).steps("snapshots", "snap-")


def desktop_estimates(cache: Cache) -> Mapping[str, float]:
    """Step of a desktop snapshot → seconds of the last time on this host."""
    return Durations(cache).steps("desktops", "desk-")


class SnapshotSteps:
    """Turns a snapshot's beginnings of steps into news of their ends too."""

    def __init__(
        self, tell: Tell, total: int, estimates: Mapping[str, float], products: tuple[str, ...]
    ) -> None:
        """``estimates``: of the ``total`` steps that will come; ``products``: whose logs they write to."""
        self._tell = tell
        self._estimates = estimates
        self._products = products
        self._left = total
        self._unknown = total - len(estimates)
        self._left_s = sum(estimates.values())
        self._step: str | None = None
        self._begin = 0.0

    def begin(self, step: str) -> None:
        """A step has begun, and so the one before has ended."""
        self.end()
        self._step, self._begin, self._left = step, time.monotonic(), max(0, self._left - 1)
        estimate_s = self._estimates.get(step)
        news = StepNews(
            phase=Phase.SNAPSHOT,
            step=step,
            to_come=self._left,
            estimate_s=estimate_s,
            left_s=None if self._unknown else self._left_s,
            products=self._products,
        )
        self._left_s -= estimate_s or 0.0
        self._tell(news)

    def end(self) -> None:
        """The last step has ended."""
        if self._step is not None:
            seconds = round(time.monotonic() - self._begin, 3)
            self._tell(StepNews(phase=Phase.SNAPSHOT, step=self._step, seconds=seconds, to_come=self._left))
            self._step = None
