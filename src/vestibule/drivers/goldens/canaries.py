"""Reports of canaries, kept in the cache: what was found out about a golden holds for every controller.

::

    <cache>/canaries/<golden>/<driver>/report.json, screenshot.png, machines/<vm>/console.log
    <cache>/locks/trial-<golden>-<driver>.use      held by the one process that tries it
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from vestibule.core.canary import CanaryReport
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.pictures import Picture
from vestibule.drivers.goldens.cache import Cache, remove_tree
from vestibule.drivers.goldens.commands import disk_full

SCREENSHOT = "screenshot.png"
_REPORT = "report.json"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LOOK_S = 0.2
"""How often whoever waits for another's trial looks."""
_TRIAL, _TRIAL_S = ".trial-", 3600.0
"""What is older than any trial takes was left by a process that was killed."""


class CanaryReports:
    """Implements the port ``CanaryReports``."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._root = cache.root / "canaries"

    def find(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        """The newest report; None when it was never tried, or the report cannot be read."""
        try:
            return CanaryReport.from_mapping(
                json.loads((self._folder(golden_id, driver) / _REPORT).read_text())
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def of(self, golden_id: GoldenId) -> list[CanaryReport]:
        """The newest report of every driver it was tried with."""
        found = (self.find(golden_id, driver) for driver in DriverName)
        return [report for report in found if report is not None]

    def all(self) -> list[CanaryReport]:
        """Every report that is kept, the newest first; of goldens that are gone too."""
        goldens = sorted({GoldenId(path.parent.parent.name) for path in self._root.glob(f"g-*/*/{_REPORT}")})
        found = [report for golden_id in goldens for report in self.of(golden_id)]
        return sorted(found, key=lambda report: report.at, reverse=True)

    def newest(self, driver: DriverName) -> CanaryReport | None:
        """The newest report of this driver, whatever golden it is about; None when nothing was tried."""
        return next((report for report in self.all() if report.driver is driver), None)

    def evidence(self, golden_id: GoldenId, driver: DriverName) -> str:
        """The folder of the report, the screenshot and every machine's console."""
        return str(self._folder(golden_id, driver))

    def has_screenshot(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether there is a PNG beside the report."""
        return (self._folder(golden_id, driver) / SCREENSHOT).is_file()

    def screenshot(self, golden_id: GoldenId, driver: DriverName) -> bytes | None:
        """The PNG beside the report; None when there is none."""
        try:
            return (self._folder(golden_id, driver) / SCREENSHOT).read_bytes()
        except OSError:
            return None

    @contextlib.asynccontextmanager
    async def alone(self, golden_id: GoldenId, driver: DriverName) -> AsyncIterator[bool]:
        """Be the only one who tries it, in whatever process; whether another had to be waited for."""
        waited = False
        while True:
            with self._cache.unheld(f"trial-{golden_id}-{driver}") as free:
                if free:
                    yield waited
                    return
            waited = True
            await asyncio.sleep(_LOOK_S)

    def begin(self, golden_id: GoldenId) -> Path:
        """A fresh folder for the evidence of one trial."""
        parent = self._root / golden_id
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{_TRIAL}*"):
            if left.stat().st_mtime < time.time() - _TRIAL_S:
                remove_tree(left)
        return Path(tempfile.mkdtemp(prefix=_TRIAL, dir=parent))

    def finish(self, evidence: Path, report: CanaryReport, screenshot: Picture | None) -> Path:
        """Write report and screenshot beside the evidence and give it its place; the one before goes."""
        try:
            if screenshot is not None:
                (evidence / SCREENSHOT).write_bytes(screenshot.png())
            (evidence / _REPORT).write_text(json.dumps(report.to_mapping(), indent=1) + "\n")
        except OSError as error:
            raise disk_full(evidence) if error.errno in _FULL else error from error
        final = self._folder(report.golden_id, report.driver)
        with self._cache.lock(f"canary-{report.golden_id}-{report.driver}"):  # two may end at one moment
            remove_tree(final)
            evidence.rename(final)
        return final

    def _folder(self, golden_id: GoldenId, driver: DriverName) -> Path:
        return self._root / golden_id / driver
