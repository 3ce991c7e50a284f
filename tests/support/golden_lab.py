"""What renews, promotes and judges goldens, without a host: real services and register over doubles."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

from golden_doubles import GOLDEN, Clock, Goldens, Works, report_of

from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import GoldenStatus, StalePolicy
from vestibule.drivers.goldens.register import FileRegister
from vestibule.services.freshness import Freshness
from vestibule.services.promotions import Promotions, ServingRule
from vestibule.services.renewals import Renewals
from vestibule_agent.protocol import CONTRACT


@dataclasses.dataclass(kw_only=True)
class GoldenLab:
    """Everything, and what a test asks of it."""

    clock: Clock
    goldens: Goldens
    works: Works
    promotions: Promotions
    renewals: Renewals
    freshness: Freshness
    register_file: Path

    @property
    def promoted(self) -> GoldenId | None:
        return self.promotions.register.promoted

    @property
    def building(self) -> bool:
        """A renewal is under way, and its build has begun."""
        current = self.renewals.current
        return self.renewals.busy and current is not None and bool(current.steps)

    def status(self, golden_id: GoldenId) -> GoldenStatus:
        return self.promotions.register.status(golden_id)

    def made(self, golden_id: GoldenId, *, ok: bool = True) -> None:
        """It was built, prepared and tried before, with whichever controller."""
        if not self.goldens.has(golden_id):
            self.goldens.add(golden_id)
        self.works.prepared.add((golden_id, DriverName.FAKE))
        self.works.canaries.reports[golden_id, DriverName.FAKE] = report_of(golden_id, ok=ok)

    def edit(self, golden_id: GoldenId) -> None:
        """Somebody changes the inputs on the disk: they make this golden now."""
        self.works.inputs = golden_id
        self.works.changed.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Freshness at work; an end before its time is an error."""
        task = asyncio.create_task(self.freshness.run())
        try:
            yield task
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def golden_lab(
    folder: Path, *, policy: StalePolicy = StalePolicy.REBUILD, promoted: GoldenId | None = GOLDEN
) -> GoldenLab:
    """A lab whose register is a file in ``folder``."""
    clock, goldens = Clock(), Goldens()
    works = Works(goldens)
    register_file = folder / "state/goldens.json"
    promotions = Promotions(
        register=FileRegister(register_file),
        goldens=goldens,
        clock=clock,
        rule=ServingRule(policy=policy, contract=CONTRACT),
    )
    if promoted is not None:
        promotions.promote(promoted, why="a lab has one golden")
    renewals = Renewals(works=works, promotions=promotions, clock=clock)
    freshness = Freshness(
        works=works, promotions=promotions, renewals=renewals, goldens=goldens, changes=works.changes()
    )
    return GoldenLab(
        clock=clock,
        goldens=goldens,
        works=works,
        promotions=promotions,
        renewals=renewals,
        freshness=freshness,
        register_file=register_file,
    )
