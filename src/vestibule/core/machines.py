"""Machines: their states and what is known of one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping

from vestibule.core.ids import GoldenId, SessionId, UserId, VmId

UNOWNED_ID = 1_879_070_277
"""A host's user and group for machines: from the range of ids that systemd documents as unused."""


class DriverName(enum.StrEnum):
    """How a machine is run."""

    CONTAINER = "container"
    QEMU = "qemu"
    FAKE = "fake"


class Isolation(enum.StrEnum):
    """What stands between a machine and its host."""

    VM = "vm"
    CONTAINER = "container"


class MachineType(enum.StrEnum):
    """What a machine is for."""

    BROWSER = "browser"
    WORKSPACE = "workspace"


class MachineStatus(enum.StrEnum):
    """A machine's states; the two last are final."""

    CREATING = "creating"
    RUNNING = "running"
    STOPPING = "stopping"
    DESTROYED = "destroyed"
    FAILED = "failed"


class Warmth(enum.StrEnum):
    """How far a machine of the warm pool is, which nobody has yet."""

    WARMING = "warming"
    WARM = "warm"
    """Its desktop is up, and it stands still: whoever claims it has it at once."""


MACHINE_TRANSITIONS: dict[MachineStatus, frozenset[MachineStatus]] = {
    MachineStatus.CREATING: frozenset({MachineStatus.RUNNING, MachineStatus.STOPPING, MachineStatus.FAILED}),
    MachineStatus.RUNNING: frozenset({MachineStatus.STOPPING, MachineStatus.FAILED}),
    MachineStatus.STOPPING: frozenset({MachineStatus.DESTROYED, MachineStatus.FAILED}),
    MachineStatus.DESTROYED: frozenset(),
    MachineStatus.FAILED: frozenset(),
}

LIVE = frozenset({MachineStatus.CREATING, MachineStatus.RUNNING, MachineStatus.STOPPING})
"""States in which a machine holds its address."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What one machine may use of the host."""

    mem_mib: int
    vcpus: int
    pids: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exit:
    """How a machine's first process ended: an exit code, or the signal that ended it."""

    code: int | None
    signal: int | None
    broker_lost: bool = False
    """The broker ended, and the kernel ended the machine with it."""

    def __str__(self) -> str:
        return f"exit code {self.code}" if self.signal is None else f"signal {self.signal}"


AT_LIMIT = 0.98
"""Share of its limit that a machine has used when it was at it: what is freed in time is not counted."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineMemory:
    """What the kernel counted of a machine's control group."""

    oom_kills: int
    """Processes of the machine that were killed for want of memory, its own or the host's."""
    limit_hits: int
    """How often it wanted more than its limit and nothing could be freed for it; some kernels count none."""
    limit_mib: int
    peak_mib: int | None = None
    """The most that it has used; None where the kernel does not tell."""

    @property
    def exhausted(self) -> bool:
        """Whether it was killed for its own limit, as far as its own numbers tell."""
        return self.oom_kills > 0 and (
            self.limit_hits > 0 or (self.peak_mib or 0) >= AT_LIMIT * self.limit_mib
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class MachineRecord:
    """One row of the table ``vms``."""

    vm_id: VmId
    user_id: UserId
    session_id: SessionId | None
    type: MachineType
    driver: DriverName
    isolation: Isolation
    status: MachineStatus
    vm_ip: str
    golden_id: GoldenId
    agent_build: str | None
    host: str
    pid: int | None
    pid_started: int | None
    """Start of the process in clock ticks since boot (/proc/PID/stat, field 22): pids are reused."""
    error_code: str | None
    error_cause: str | None
    created_at: dt.datetime
    running_at: dt.datetime | None
    ended_at: dt.datetime | None
    error_stage: MachineStatus | None = None
    """The last state before it failed."""
    error_remedy: str | None = None
    error_evidence: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warmth: Warmth | None = None
    """Of a machine of the warm pool, until somebody claims it; its row is the operator's meanwhile."""
    claimed_at: dt.datetime | None = None
    """When it was taken from the warm pool."""
    bulk_expired_at: dt.datetime | None = None
    """When the janitor took its evidence and steps away."""

    @property
    def begun_at(self) -> dt.datetime:
        """Since when it is its user's."""
        return self.claimed_at or self.created_at
