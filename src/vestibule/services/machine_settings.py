"""What machines are made of on this host, and which driver starts them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from vestibule.core.addresses import MachineNetwork
from vestibule.core.machines import DriverName, Isolation, Limits, MachineRecord
from vestibule.services.ports import MachineRequest


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
    start_timeout_s: Mapping[DriverName, float]
    confirm_timeout_s: Mapping[DriverName, float]
    liveness_s: float
    """How long a confirmed machine's agent may answer nothing."""
    host: str
    warm_machines: int = 0
    """How many are kept in the warm pool; 0: there is none."""

    def request(self, record: MachineRecord, run_dir: Path) -> MachineRequest:
        """What a driver needs to start the machine of this row, or to take it over."""
        return MachineRequest(
            vm_id=record.vm_id,
            golden_id=record.golden_id,
            address=record.vm_ip,
            gateway=self.network.gateway,
            cidr=str(self.network.cidr),
            limits=self.limits,
            run_dir=run_dir,
        )
