"""Goldens without a disk: a store, a workshop and canaries in memory, and a clock that a test moves."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

from vestibule.core.canary import CanaryCheck, CanaryReport
from vestibule.core.errors import Absent, Conflict, GoldenFailed
from vestibule.core.goldens import Change, Damage, GoldenPlan, Manifest, compare
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.provenance import GoldenReport, Provenance, Signature
from vestibule.core.renewal import Forecast, Phase, StepNews
from vestibule.services.golden_ports import Tell
from vestibule_agent.protocol import CONTRACT

GOLDEN, NEXT, LATER = (GoldenId(f"g-00000000000000{end}") for end in ("fa", "fb", "fc"))
"""The one that is promoted in a lab, and those that changed inputs would make."""
BUILD = "fake-build"
T0 = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = T0
        self._passed_s = 0.0

    def now(self) -> dt.datetime:
        return self.moment

    def monotonic(self) -> float:
        return self._passed_s

    def move(self, seconds: float) -> None:
        """Time passes."""
        self.moment += dt.timedelta(seconds=seconds)
        self._passed_s += seconds

    def step(self, seconds: float) -> None:
        """Somebody sets the host's clock."""
        self.moment += dt.timedelta(seconds=seconds)


class Kept:
    """Port ``Hold`` of a golden that nobody collects."""

    def __init__(self, golden_id: GoldenId) -> None:
        self.golden_id = golden_id
        self.released = False

    def release(self) -> None:
        self.released = True


class Goldens:
    """Port ``GoldenInventory`` in memory, with one golden to begin with."""

    def __init__(self) -> None:
        self.holds: list[Kept] = []
        self.today = GOLDEN
        """What today's inputs make."""
        self.stored: dict[GoldenId, Manifest] = {}
        self.damaged: dict[GoldenId, Exception] = {}
        self.scrubbed: list[GoldenId] = []
        self.decayed: dict[GoldenId, Sequence[Damage]] = {}
        """What a scrub finds."""
        self.add(GOLDEN)

    def add(self, golden_id: GoldenId, *, contract: int = CONTRACT) -> None:
        """Store one more; each is a minute newer than the one before."""
        self.stored[golden_id] = Manifest(
            golden_id=golden_id,
            agent_build=BUILD,
            layers=(),
            inputs={"agent": {"golden": golden_id}},
            digests={},
            tools={},
            built_at=T0 + dt.timedelta(minutes=len(self.stored)),
            build_s=1.0,
            contract=contract,
        )

    @property
    def held(self) -> list[GoldenId]:
        """Goldens that somebody holds now."""
        return [hold.golden_id for hold in self.holds if not hold.released]

    def hold(self, golden_id: GoldenId) -> Kept:
        self.manifest(golden_id)
        self.holds.append(Kept(golden_id))
        return self.holds[-1]

    def plan(self, since: GoldenId | None = None) -> GoldenPlan:
        return GoldenPlan(golden_id=self.today, since=since, products=(), changes=())

    def verify(self, golden_id: GoldenId) -> Sequence[Damage]:
        self.manifest(golden_id)
        return ()

    async def scrub(self, golden_id: GoldenId) -> Sequence[Damage]:
        """What a controller's scrub finds."""
        self.scrubbed.append(golden_id)
        return self.decayed.get(golden_id, ())

    def discard(self, damages: Sequence[Damage]) -> Sequence[str]:
        raise AssertionError(f"nothing is damaged, but {damages}")

    def changes(self, before: GoldenId, after: GoldenId) -> Sequence[Change]:
        return compare(self.manifest(before).inputs, self.manifest(after).inputs)

    def provenance(self, golden_id: GoldenId) -> Provenance:
        self.manifest(golden_id)
        return Provenance(signature=Signature.HOLDS, key_id="fa" * 32)

    def sbom(self, golden_id: GoldenId) -> str:
        self.manifest(golden_id)
        return "{}"

    def report(self, golden_id: GoldenId) -> GoldenReport:
        return GoldenReport(products=(), packages={}, provenance=self.provenance(golden_id))

    def log_tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        return [f"log of {product}" for product in products][-lines:]

    def wanted(self) -> GoldenId:
        return self.today

    def has(self, golden_id: GoldenId) -> bool:
        return golden_id in self.stored

    def manifest(self, golden_id: GoldenId) -> Manifest:
        try:
            return self.stored[golden_id]
        except KeyError:
            raise Absent(f"there is no golden {golden_id}", remedy="Build it.") from None

    def usable(self, golden_id: GoldenId) -> Manifest:
        if golden_id in self.damaged:
            raise self.damaged[golden_id]
        return self.manifest(golden_id)

    def list(self) -> Sequence[Manifest]:
        return sorted(self.stored.values(), key=lambda manifest: manifest.built_at, reverse=True)


class Works:
    """Port ``GoldenWorks`` where all is made at once; a test says what fails and when it goes on."""

    def __init__(self, goldens: Goldens) -> None:
        self.goldens = goldens
        self.drivers: tuple[DriverName, ...] = (DriverName.FAKE,)
        self.canaries = Canaries()
        self.another: set[tuple[GoldenId, DriverName]] = set()
        """What was made anew after its canary, with whichever controller."""
        self.spoiled: dict[tuple[GoldenId, DriverName], GoldenFailed] = {}
        """Snapshots that are damaged."""
        self.mends = False
        """Whether a build makes a damaged golden sound."""
        self.inputs = GOLDEN
        """What the inputs on the disk make now."""
        self.prepared = {(GOLDEN, DriverName.FAKE)}
        self.steps: list[str] = []
        """What was done, in order."""
        self.failing: dict[str, Exception] = {}
        """Step ("build", "prepare", "canary", "collect", "read") → what it raises."""
        self.gate: asyncio.Event | None = None
        """What a build waits for, when there is one."""
        self.kept: list[frozenset[GoldenId]] = []
        self.took: Mapping[tuple[Phase, str], float] = {}
        self.later_s: float | None = None
        """How long snapshots, and how long canaries, took the last time."""
        self.changed = asyncio.Event()
        self.unwatchable: Exception | None = None

    def _do(self, step: str, *names: str) -> None:
        self.steps.append(" ".join((step, *names)))
        if step in self.failing:
            raise self.failing[step]

    async def changes(self) -> AsyncIterator[None]:
        if self.unwatchable is not None:
            raise self.unwatchable
        while True:
            await self.changed.wait()
            self.changed.clear()
            yield

    async def read_inputs(self) -> GoldenId:
        self._do("read")
        self.goldens.today = self.inputs
        return self.inputs

    async def build(self, tell: Tell) -> GoldenId:
        built = self.inputs
        tell(StepNews(phase=Phase.BUILD, step="fake", left_s=3.0, products=("l-fake",)))
        if self.gate is not None:
            await self.gate.wait()
        if self.mends and built in self.goldens.damaged and built in self.goldens.held:
            raise Conflict("a damaged golden is in use", remedy="Wait.", code="golden_in_use")
        self._do("build", built)
        if self.mends:
            self.goldens.damaged.pop(built, None)
        if not self.goldens.has(built):
            self.goldens.add(built)
        tell(StepNews(phase=Phase.BUILD, step="fake", seconds=1.0))
        return built

    def is_prepared(self, golden_id: GoldenId, driver: DriverName) -> bool:
        one = golden_id, driver
        return one in self.prepared and one not in self.spoiled and golden_id not in self.goldens.damaged

    async def prepare(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> None:
        self._do("prepare", golden_id, driver)
        tell(StepNews(phase=Phase.SNAPSHOT, step=f"{driver}: fake snapshot"))
        tell(StepNews(phase=Phase.SNAPSHOT, step=f"{driver}: fake snapshot", seconds=2.0))
        self.prepared.add((golden_id, driver))
        self.spoiled.pop((golden_id, driver), None)

    def is_another_than_tried(self, golden_id: GoldenId, driver: DriverName) -> bool:
        return (golden_id, driver) in self.another

    def tried(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        if (golden_id, driver) in self.another:
            return None
        return self.canaries.find(golden_id, driver)

    def damage(self, golden_id: GoldenId, driver: DriverName) -> GoldenFailed | None:
        return self.spoiled.get((golden_id, driver))

    async def try_out(self, golden_id: GoldenId, driver: DriverName, tell: Tell) -> CanaryReport:
        self._do("canary", golden_id, driver)
        tell(StepNews(phase=Phase.CANARY, step=f"{driver}: fake"))
        report = report_of(golden_id, driver, ok=self.canaries.sound)
        self.canaries.reports[golden_id, driver] = report
        self.another.discard((golden_id, driver))
        tell(StepNews(phase=Phase.CANARY, step=f"{driver}: fake", seconds=0.5))
        return report

    def estimates(self) -> Mapping[tuple[Phase, str], float]:
        return self.took

    def forecast(self) -> Forecast:
        return Forecast(phases={Phase.SNAPSHOT: self.later_s, Phase.CANARY: self.later_s})

    def canary_s(self, driver: DriverName) -> float | None:
        return self.later_s if driver in self.drivers else None

    async def collect(self, keep: Callable[[], Collection[GoldenId]]) -> None:
        self._do("collect")
        self.kept.append(frozenset(keep()))


class Canaries:
    """Port ``CanaryReports`` in memory."""

    def __init__(self) -> None:
        self.sound = True
        """Whether the next canaries pass."""
        self.reports: dict[tuple[GoldenId, DriverName], CanaryReport] = {}
        self.pictures: Mapping[GoldenId, bytes] = {}

    def find(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        return self.reports.get((golden_id, driver))

    def of(self, golden_id: GoldenId) -> Sequence[CanaryReport]:
        found = (self.find(golden_id, driver) for driver in DriverName)
        return [report for report in found if report is not None]

    def all(self) -> Sequence[CanaryReport]:
        return sorted(self.reports.values(), key=lambda report: report.at, reverse=True)

    def evidence(self, golden_id: GoldenId, driver: DriverName) -> str:
        return f"/cache/canaries/{golden_id}/{driver}"

    def has_screenshot(self, golden_id: GoldenId, driver: DriverName) -> bool:
        return self.screenshot(golden_id, driver) is not None

    def screenshot(self, golden_id: GoldenId, driver: DriverName) -> bytes | None:
        return self.pictures.get(golden_id) if self.find(golden_id, driver) else None


def report_of(golden_id: GoldenId, driver: DriverName = DriverName.FAKE, *, ok: bool = True) -> CanaryReport:
    """A canary's report with one check."""
    detail = "painted" if ok else "nobody could work with this desktop: it shows 1 colours"
    return CanaryReport(
        golden_id=golden_id,
        driver=driver,
        subject="fake",
        clones=1,
        checks=(CanaryCheck(name="desktop of clone 1", ok=ok, detail=detail, seconds=0.5),),
        at=T0,
        seconds=0.5,
    )
