"""Settings of room: how many machines there may be, who waits for one, and what is paused.

A part of ``settings.Settings``, where they are read and refused as all others.
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class RoomSettings(BaseSettings):
    """Units are in the names; pressure is the kernel's (PSI), in percent of the last ten seconds."""

    max_machines: int = Field(default=16, ge=1, le=1024, description="Live machines at a time.")
    max_machines_per_user: int = Field(
        default=12, ge=1, le=1024, description="Live machines of one user at a time, sign-ins included."
    )
    max_starts: int = Field(
        default=4, ge=1, le=64, description="Machines that may start at a time; others wait for their turn."
    )
    start_mem_share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Share of `machine_mem_mib` that must be available for a machine to start: clones share"
        " much of the rest. The demo's sign-in page takes half of that, others more.",
    )
    host_reserve_mib: int = Field(
        default=512, ge=0, description="Memory of the host that stays free, whatever is started."
    )
    max_memory_pressure: float = Field(
        default=10,
        gt=0,
        le=100,
        description="From so many percent on in which nothing could go on for want of memory, no machine is"
        " started.",
    )
    max_cpu_pressure: float = Field(
        default=90,
        gt=0,
        le=100,
        description="From so many percent on in which something waited for a processor, sign-ins' machines"
        " start one at a time.",
    )
    max_waiting: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Sign-ins that may wait for a machine; more are refused (`host_saturated`).",
    )
    queue_timeout_s: float = Field(
        default=600, gt=0, description="A sign-in that has waited for a machine for so long fails."
    )
    warm_machines: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Machines of the host's own driver that are kept started and paused, so that a sign-in"
        " has one at once; each takes memory, and they are started only when nobody waits and there is"
        " room. 0: none.",
    )
    idle_pause_s: float = Field(
        default=120,
        ge=0,
        description="A machine that waits for its person is paused when nobody has looked at it for so long;"
        " 0: never.",
    )
