"""Renewals: from today's inputs to a promoted golden, one at a time, shown while it happens.

::

    build (layers, disk) ─▶ prepare (memory snapshot) ─▶ canary, for every driver ─▶ promote
            └─ failed                                       └─ rejected
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol

import structlog

from vestibule.core import diagnosis
from vestibule.core.canary import CanaryReport
from vestibule.core.errors import Conflict, GoldenFailed, MachineFailed, VestibuleError
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import GoldenStatus, Move
from vestibule.core.renewal import Forecast, Outcome, Phase, Renewal, StepNews, total_s
from vestibule.core.sessions import Failure
from vestibule.services.feed import Feed
from vestibule.services.golden_ports import GoldenStore, Tell
from vestibule.services.ports import Clock
from vestibule.services.promotions import BY_HAND, IDLE, Promotions

log = structlog.get_logger()

GOLDENS = "goldens"
"""The one thing that the feed of renewals tells of."""
CANARY_PASSED = "its canary passed"


class GoldenWorks(Protocol):
    """Makes and tries goldens on this host; what is not ``async`` reads files, and is asked in a thread."""

    @property
    def drivers(self) -> Sequence[DriverName]:
        """What goldens are made and tried for, the host's own driver first."""
        ...

    async def read_inputs(self) -> GoldenId:
        """Read the inputs again and make the store want what they make.  Raises GoldenFailed."""
        ...

    async def build(self, tell: Tell) -> GoldenId:
        """Build the disk that is wanted, unless it is there.  Raises GoldenFailed, DiskFull, HostUnfit."""
        ...

    def is_prepared(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether machines of this driver can start from it: its memory snapshot is there."""
        ...

    async def prepare(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> None:
        """Make what machines of this driver start from, unless it is there."""
        ...

    def tried(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        """The report of a canary that tried just what machines would be started from now."""
        ...

    def damage(self, golden_id: GoldenId, driver: DriverName) -> GoldenFailed | None:
        """What is damaged of what this driver needs besides the golden: its memory snapshot."""
        ...

    def is_another_than_tried(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether a canary tried it, but not just what machines would be started from now."""
        ...

    def estimates(self) -> Mapping[tuple[Phase, str], float]:
        """Phase and step → seconds of the last time on this host, of steps whose news do not bring them."""
        ...

    def forecast(self) -> Forecast:
        """How long each phase after the build takes for all drivers, by the last times on this host."""
        ...

    def canary_s(self, driver: DriverName) -> float | None:
        """How long the newest canary of this driver took, of whatever golden; None when there was none."""
        ...

    async def try_out(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> CanaryReport:
        """Run the canary; its report and evidence are kept."""
        ...

    async def collect(self, keep: Callable[[], Collection[GoldenId]]) -> None:
        """Remove goldens that nothing uses, but ``keep`` and as many as the settings say.

        ``keep`` is asked again before each goes.
        """
        ...


class Renewals:
    """Carries one renewal at a time through; shows how far it has come."""

    def __init__(self, *, works: GoldenWorks, promotions: Promotions, clock: Clock) -> None:
        self.current: Renewal | None = None
        """The newest, under way or ended."""
        self.feed = Feed[str]()
        """Tells of ``GOLDENS`` whenever there is something new to show."""
        self._works = works
        self._promotions = promotions
        self._clock = clock
        self._made_anew: dict[tuple[GoldenId, DriverName], Move] = {}
        """What was prepared again although it was promoted → the move that had promoted it."""

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self.current is not None and self.current.outcome is None

    async def renew(self, wanted: GoldenId, why: str, also: Tell | None = None) -> Renewal:
        """Build, prepare, try, promote; what fails is in the outcome, never raised."""
        return await self._shown(wanted, why, self._renewed, also)

    async def make_ready(self, promoted: GoldenId, why: str) -> Renewal:
        """Prepare and try what is promoted, as this host is now; what fails is in the outcome."""
        return await self._shown(promoted, why, lambda tell: self._ready(promoted, tell))

    async def _shown(
        self,
        golden_id: GoldenId,
        why: str,
        carry_through: Callable[[Tell], Awaitable[Failure | None]],
        also: Tell | None = None,
    ) -> Renewal:
        """One renewal from its beginning to its outcome; ``carry_through`` returns why it is rejected."""
        self._show(Renewal(golden_id=golden_id, why=why, began_at=self._clock.now()))
        try:
            rejected = await carry_through(await asyncio.to_thread(self._telling, also))
        except VestibuleError as error:
            log.warning("Golden could not be renewed", cause=error.cause, code=error.failure_code)
            return self._end(Outcome.FAILED, diagnosis.failure_of(error))
        except Exception as error:
            log.exception("Golden could not be renewed")
            return self._end(Outcome.FAILED, diagnosis.failure_of(error))
        return self._end(Outcome.REJECTED if rejected else Outcome.PROMOTED, rejected)

    def _telling(self, also: Tell | None) -> Tell:
        """Shows news with what is foreseen by the last times on this host.  Reads files."""
        estimates, forecast = self._works.estimates(), self._works.forecast()

        def tell(news: StepNews) -> None:
            if news.estimate_s is None:
                estimate_s = estimates.get((news.phase, news.step))
                news = dataclasses.replace(news, estimate_s=estimate_s)
            news = forecast.whole(news)
            self._tell(news)
            if also is not None:
                also(news)

        return tell

    async def _renewed(self, tell: Tell) -> Failure | None:
        before = await asyncio.to_thread(lambda: self._promotions.register.promoted)
        golden_id = await self._works.build(tell)
        self._made(golden_id, await asyncio.to_thread(self._agent_build, golden_id))
        await asyncio.to_thread(self._promotions.require_contract, golden_id)
        failure = await self._proven(golden_id, tell)
        if failure is not None:
            return failure
        news = StepNews(phase=Phase.PROMOTION, step=f"promote {golden_id}")
        tell(news)
        await asyncio.to_thread(self._promotions.replace, before, golden_id, why=CANARY_PASSED)
        tell(dataclasses.replace(news, seconds=0.0))
        return None

    async def _ready(self, promoted: GoldenId, tell: Tell) -> Failure | None:
        self._made(promoted, await asyncio.to_thread(self._agent_build, promoted))
        return await self._proven(promoted, tell)

    async def _proven(self, golden_id: GoldenId, tell: Tell) -> Failure | None:
        """Prepare and try it for every driver; why it was rejected, or None."""
        for driver in self._works.drivers:
            await self._prepare(golden_id, driver, tell)
        for driver in self._works.drivers:
            report = await asyncio.to_thread(self._works.tried, golden_id, driver)
            if report is None or not _is_passed(report):
                left_s = await asyncio.to_thread(self._canaries_s, driver)
                report = await self._works.try_out(golden_id, driver, _beginning_with(left_s, tell))
            if not report.conclusive:
                raise _too_slow(report)
            if not report.passed:
                await asyncio.to_thread(self._promotions.reject, golden_id, why=report.verdict)
                return _canary_failed(report)
        return None

    def _canaries_s(self, first: DriverName) -> float | None:
        """How long the canaries of this driver and those after it take.  Reads files."""
        drivers = self._works.drivers
        return total_s(self._works.canary_s(driver) for driver in drivers[drivers.index(first) :])

    async def _prepare(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> None:
        """What is made anew of the promoted golden must not be served before a canary has passed it."""
        if (move := await asyncio.to_thread(self._lost, golden_id, driver)) is not None:
            self._made_anew[golden_id, driver] = move
        await self._works.prepare(golden_id, driver, tell)

    def _lost(self, golden_id: GoldenId, driver: DriverName) -> Move | None:
        """The move that promoted it, when it is not prepared any more.  Reads files."""
        if self._works.is_prepared(golden_id, driver):
            return None
        move = self._promotions.register.last(golden_id)
        return move if move is not None and move.to is GoldenStatus.PROMOTED else None

    def is_barred(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether it was made anew since its promotion, and no canary has passed it."""
        if not self._is_made_anew(golden_id, driver):
            return False
        report = self._works.tried(golden_id, driver)
        return report is None or not report.passed

    def awaits_canary(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether it was made anew since its promotion, and no canary has said what it is worth."""
        if not self._is_made_anew(golden_id, driver):
            return False
        report = self._works.tried(golden_id, driver)
        return report is None or not report.conclusive

    def _is_made_anew(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Since its last move: whoever promotes it again has decided anew.

        Reports tell, of whichever controller; where there never was one, this controller remembers.
        """
        move = self._promotions.register.last(golden_id)
        if self._works.is_another_than_tried(golden_id, driver):
            return move is None or move.why != BY_HAND
        made = self._made_anew.get((golden_id, driver))
        return made is not None and made == move

    def _made(self, golden_id: GoldenId, agent_build: str | None) -> None:
        """The builder reads the inputs itself: they may have changed since this renewal was begun."""
        if self.current is not None:
            self._show(dataclasses.replace(self.current, golden_id=golden_id, agent_build=agent_build))

    def _agent_build(self, golden_id: GoldenId) -> str | None:
        """Which agent it holds; whether it can be used is found out where it is used.  Reads files."""
        try:
            return self._promotions.goldens.manifest(golden_id).agent_build
        except VestibuleError:
            return None

    async def collect(self) -> None:
        """Remove what nothing uses any more; what is promoted stays so, whatever becomes of the old ones."""
        try:
            await self._works.collect(self._promotions.kept)
        except Exception:
            log.exception("Old goldens could not be removed")

    def promote_tried(self, wanted: GoldenId, goldens: GoldenStore) -> bool:
        """Promote at once what was built and has passed its canary before, with whichever controller.

        Reads and writes files.
        """
        drivers = self._works.drivers
        if self._promotions.is_dismissed(wanted) or not goldens.has(wanted):
            return False
        if not all(self._works.is_prepared(wanted, driver) for driver in drivers):
            return False
        if not all(_is_passed(self._works.tried(wanted, driver)) for driver in drivers):
            return False
        self._promotions.promote(wanted, why=CANARY_PASSED)
        return True

    def untested(self, golden_id: GoldenId) -> str | None:
        """Why it cannot be said to be tried; None when, with every driver in use, what is served today was.

        A report of other bytes, of another snapshot or of a driver that is not used counts neither way.
        """
        reports = {driver: self._works.tried(golden_id, driver) for driver in self._works.drivers}
        wrong = [_untried(driver, report) for driver, report in reports.items() if not _is_passed(report)]
        return "; ".join(wrong) or None

    def require_tried(self, golden_id: GoldenId) -> None:
        """Refuse a golden that is untested.  Raises Conflict ``golden_untested``."""
        if (why := self.untested(golden_id)) is not None:
            raise Conflict(
                f"Golden {golden_id} has not passed a canary: {why.rstrip('.')}.",
                remedy="Have it tried: vestibule golden build; to use it all the same: promote --untested.",
                code="golden_untested",
            )

    def _tell(self, news: StepNews) -> None:
        if self.current is not None:
            self._show(self.current.told(news, self._clock.now()))

    def _end(self, outcome: Outcome, failure: Failure | None) -> Renewal:
        if self.current is None:
            raise AssertionError("a renewal ended that had not begun")
        ended = self.current.ended(outcome, self._clock.now(), failure)
        self._show(ended)
        return ended

    def _show(self, renewal: Renewal) -> None:
        self.current = renewal
        self._promotions.blocked = renewal.failure
        self._promotions.coming = f"{renewal.line} {IDLE}" if renewal.outcome else renewal.line
        self.feed.publish(GOLDENS)


def _is_passed(report: CanaryReport | None) -> bool:
    return report is not None and report.passed


def _untried(driver: DriverName, report: CanaryReport | None) -> str:
    return f"what {driver} starts from today was never tried" if report is None else report.verdict


def _beginning_with(left_s: float | None, tell: Tell) -> Tell:
    """Tells how long is left with the first news: a canary's checks overlap, only the whole is foreseen."""
    left = [left_s]

    def told(news: StepNews) -> None:
        tell(dataclasses.replace(news, left_s=left.pop() if left else None))

    return told


def _too_slow(report: CanaryReport) -> MachineFailed:
    return MachineFailed(
        f"The canary of golden {report.golden_id} says nothing: {report.verdict.rstrip('.')}.",
        remedy="Try again when the host is less busy: vestibule golden build.",
        code="canary_too_slow",
        **{check.name: check.detail for check in report.failed},
    )


def _canary_failed(report: CanaryReport) -> Failure:
    evidence = {check.name: check.detail for check in report.failed}
    return Failure(
        code="canary_failed",
        cause=f"Golden {report.golden_id} did not pass its canary: {report.verdict.rstrip('.')}.",
        remedy="Read the report and its evidence (vestibule golden canary), mend the input, build again.",
        evidence=evidence,
    )


def require_promoted(renewal: Renewal) -> None:
    """Raise GoldenFailed with the failure of a renewal that did not end in a promotion."""
    if renewal.outcome is Outcome.PROMOTED or renewal.failure is None:
        return
    failure = renewal.failure
    raise GoldenFailed(failure.cause, remedy=failure.remedy, code=failure.code, **failure.evidence)
