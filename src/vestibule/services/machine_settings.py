"""What machines are made of on this host, and which driver starts them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from vestibule.core.addresses import MachineNetwork
from vestibule.core.machines import DriverName, Isolation, Limits


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice:
    """Which driver this host uses when nobody asks for another, and why."""

    driver: DriverName
    isolation: Isolation
    why: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineSettings:
    """What machines are made of."""

    network: MachineNetwork
    limits: Limits
    life_s: float
    """Of a machine without a sign-in."""
    confirm_timeout_s: Mapping[DriverName, float]
    host: str
