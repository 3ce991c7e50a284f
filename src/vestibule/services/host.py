"""What this host can do: which driver it uses and why, and what is missing, with the fix.

``doctor`` prints it, ``GET /api/host`` serves it: one list, one truth.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Protocol

from vestibule.core.errors import GoldenFailed
from vestibule.core.ids import GoldenId
from vestibule.core.machines import DriverName, Isolation
from vestibule.core.promotion import Register
from vestibule.services.machine_settings import Choice
from vestibule.services.promotions import Promotions


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accelerator:
    """What a probe boot found out about hardware virtualization."""

    works: bool
    why: str
    """What was seen: a part of a sentence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    fix: str | None = None
    """The next step; given whenever it is not ok."""
    needed: bool = True
    """Whether machines cannot be run here without it."""


class HostProbe(Protocol):
    """Looks at the host; a driver implements it."""

    async def checks(self, choice: Choice) -> Sequence[Check]:
        """Every check, in the order a person wants to read them; never raises for what is missing."""
        ...


def choose(isolation: str, accelerator: Accelerator) -> Choice:
    """The driver for a setting (auto, vm, container) on a host with this accelerator, and why."""
    if isolation == "container":
        return _container("isolation is set to container")
    if isolation == "vm":
        speed = "KVM works" if accelerator.works else f"emulated, because {accelerator.why}"
        return _vm(f"isolation is set to vm; {speed}")
    if accelerator.works:
        return _vm(f"KVM works: {accelerator.why}")
    return _container(f"KVM is not proven to work here: {accelerator.why}")


def _vm(why: str) -> Choice:
    return Choice(driver=DriverName.QEMU, isolation=Isolation.VM, why=why)


def _container(why: str) -> Choice:
    return Choice(driver=DriverName.CONTAINER, isolation=Isolation.CONTAINER, why=why)


MEND_GOLDEN = (
    "See what fails with vestibule failures; mend that input of the golden, or the host, and build again."
)


def golden_check(promotions: Promotions) -> Check:
    """Whether machines can be started, and whether from the golden that today's inputs make."""
    wanted = promotions.goldens.wanted()
    try:
        serving = promotions.serving()
    except GoldenFailed as error:
        return Check(name="golden", ok=False, detail=error.cause, fix=error.remedy)
    move = promotions.register.last(serving)
    since = f", promoted {move.at:%Y-%m-%d %H:%M} UTC: {move.story}" if move else ""
    if move is not None and move.failing is not None:
        return Check(
            name="golden", ok=False, detail=f"{serving} fails machines{since}", fix=MEND_GOLDEN, needed=False
        )
    if serving == wanted:
        return Check(name="golden", ok=True, detail=f"{serving} is what today's inputs make{since}")
    return Check(
        name="golden",
        ok=False,
        detail=f"{serving} is stale{since}; {_why_not(promotions.register, wanted)}",
        fix="vestibule golden build",
        needed=False,
    )


def _why_not(register: Register, wanted: GoldenId) -> str:
    """Why the golden of today's inputs is not the promoted one."""
    move = register.last(wanted)
    return f"{wanted} was {move.to}: {move.why}" if move else f"{wanted} was not promoted yet"


class HostReport:
    """One per controller or ``doctor`` run."""

    def __init__(self, *, probe: HostProbe, choice: Choice, promotions: Promotions) -> None:
        self.choice = choice
        self._probe = probe
        self._promotions = promotions

    @property
    def golden_id(self) -> GoldenId:
        """The golden that today's inputs make."""
        return self._promotions.goldens.wanted()

    @property
    def golden_ready(self) -> bool:
        """Whether it is built."""
        return self._promotions.goldens.has(self.golden_id)

    async def checks(self) -> Sequence[Check]:
        """Look at everything, now."""
        choice = Check(name="driver", ok=True, detail=f"{self.choice.driver}: {self.choice.why}")
        golden = await asyncio.to_thread(golden_check, self._promotions)
        return [*await self.host_checks(), choice, golden]

    async def host_checks(self) -> Sequence[Check]:
        """Look at the host alone: what must be mended before a golden is worth building."""
        found = await self._probe.checks(self.choice)
        return [dataclasses.replace(check, fix=None) if check.ok else check for check in found]
