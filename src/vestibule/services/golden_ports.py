"""What the services need of goldens: where they are kept, what is known of them, how they are made."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from vestibule.core.canary import CanaryReport
from vestibule.core.goldens import Change, Damage, GoldenPlan, Manifest
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName
from vestibule.core.promotion import Register
from vestibule.core.provenance import GoldenReport, Provenance
from vestibule.core.renewal import StepNews

Tell = Callable[[StepNews], None]
"""Is told when a step of a renewal begins and when it has ended."""


class GoldenStore(Protocol):
    """Where goldens are kept, by name."""

    def wanted(self) -> GoldenId:
        """The name of the golden that today's inputs make."""
        ...

    def has(self, golden_id: GoldenId) -> bool:
        """Whether it is finished and stored."""
        ...

    def manifest(self, golden_id: GoldenId) -> Manifest:
        """Read its manifest.  Raises Absent; GoldenFailed when it is damaged."""
        ...

    def usable(self, golden_id: GoldenId) -> Manifest:
        """Its manifest, unless it is known, or seen at a glance, to be damaged.

        Raises Absent, GoldenFailed ``golden_corrupt``.
        """
        ...

    def list(self) -> Sequence[Manifest]:
        """All finished goldens, newest first."""
        ...

    def hold(self, golden_id: GoldenId) -> Hold:
        """Keep it from being collected for as long as the hold lasts.  Raises Absent."""
        ...


class Hold(Protocol):
    """A golden is kept until it is released."""

    @property
    def golden_id(self) -> GoldenId:
        """Which one."""
        ...

    def release(self) -> None:
        """Let go; idempotent."""
        ...


class GoldenRegister(Protocol):
    """Where promotions are stored."""

    def read(self) -> Register:
        """All moves.  Raises GoldenFailed ``register_damaged``."""
        ...

    def update(self, change: Callable[[Register], Register]) -> Register:
        """Read, change and store as one step; returns what is stored.  What ``change`` raises passes."""
        ...


class CanaryReports(Protocol):
    """What canaries found out, kept with their evidence."""

    def find(self, golden_id: GoldenId, driver: DriverName) -> CanaryReport | None:
        """The newest report; None when it was never tried."""
        ...

    def of(self, golden_id: GoldenId) -> Sequence[CanaryReport]:
        """The newest report of every driver it was tried with."""
        ...

    def all(self) -> Sequence[CanaryReport]:
        """Every report that is kept, the newest first; of goldens that are gone too."""
        ...

    def evidence(self, golden_id: GoldenId, driver: DriverName) -> str:
        """The folder, on this host, of the report, the screenshot and every machine's console."""
        ...

    def has_screenshot(self, golden_id: GoldenId, driver: DriverName) -> bool:
        """Whether there is a PNG of a clone's desktop."""
        ...

    def screenshot(self, golden_id: GoldenId, driver: DriverName) -> bytes | None:
        """A PNG of a clone's desktop; None when there is none."""
        ...


class GoldenInventory(GoldenStore, Protocol):
    """What an operator asks of the goldens of a host."""

    def verify(self, golden_id: GoldenId) -> Sequence[Damage]:
        """Read everything again; what is damaged is remembered, and no machine starts from it.

        Raises Absent.
        """
        ...

    def changes(self, before: GoldenId, after: GoldenId) -> Sequence[Change]:
        """What made ``after`` another golden: inputs, and packages installed.  Raises Absent."""
        ...

    def provenance(self, golden_id: GoldenId) -> Provenance:
        """How it came to be, and who says so.  Raises Absent."""
        ...

    def sbom(self, golden_id: GoldenId) -> str:
        """What is in it, as CycloneDX (JSON).  Raises Absent ``sbom_absent`` of an older release's golden."""
        ...

    def report(self, golden_id: GoldenId) -> GoldenReport:
        """All that is written down of it.  Raises Absent."""
        ...

    def log_tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        """The last lines of the newest of these products' logs; empty when they have none."""
        ...

    def discard(self, damages: Sequence[Damage]) -> Sequence[str]:
        """Remove damaged products and all that was made from them; returns their names."""
        ...


class Plans(Protocol):
    """What a renewal would make."""

    def plan(self, since: GoldenId | None = None) -> GoldenPlan:
        """What is there, what would be made, and what has changed ``since`` (unset: the newest other golden).

        Raises Absent when there is no golden ``since``.
        """
        ...


class BuildLogs(Protocol):
    """What the programs of builds wrote, by product."""

    def latest(self) -> str | None:
        """The product whose log was written to last, whoever makes it; None when nothing was ever made."""
        ...

    def require(self, product: str) -> None:
        """Raise Absent when there is no log of it."""
        ...

    def tail(self, products: Collection[str], lines: int) -> Sequence[str]:
        """The last lines of the newest of these products' logs; empty when they have none."""
        ...

    def followed(
        self, products: Callable[[], Collection[str]], show: Callable[[str], None]
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Show each line of these products' logs as it is written, while the context lasts."""
        ...
