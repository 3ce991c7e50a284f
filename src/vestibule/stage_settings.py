"""Settings: the deadlines of a sign-in's stages, and of an agent's answers.

The person's own deadline is the provider file's (``deadline_s``); it counts from the last sign of life.
"""

from __future__ import annotations

from pydantic import BaseModel, Field

from vestibule.core.machines import DriverName


class StageSettings(BaseModel):
    """A part of ``Settings``; each deadline is told, with its seconds, by the failure that it makes."""

    container_start_timeout_s: float = Field(
        default=60, gt=0, description="A container must run within this time (`start_timeout`)."
    )
    vm_start_timeout_s: float = Field(
        default=120, gt=0, description="A virtual machine must run within this time (`start_timeout`)."
    )
    container_confirm_timeout_s: float = Field(
        default=20, gt=0, description="A container's agent must confirm its identity within this time."
    )
    vm_confirm_timeout_s: float = Field(
        default=60, gt=0, description="A virtual machine's agent must confirm its identity within this time."
    )
    url_timeout_s: float = Field(
        default=300, gt=0, description="A tool must show its sign-in address within this time of its start."
    )
    credential_grace_s: float = Field(
        default=5,
        gt=0,
        description="After a tool's good end its credential must appear within this time (`tool_exited`).",
    )
    claim_timeout_s: float = Field(
        default=20,
        gt=0,
        description="A credential that the agent has seen must be here within this time (`claim_timeout`).",
    )
    agent_timeout_s: float = Field(
        default=15, gt=0, description="An agent must answer a request within this time (`agent_unreachable`)."
    )
    liveness_s: float = Field(
        default=8,
        ge=1,
        description="A machine whose agent has answered nothing for this long is ended"
        " (`agent_unreachable`); it is asked four times meanwhile. A saturated host gets six times as long.",
    )

    def start_timeout_s(self, driver: DriverName) -> float:
        """How long a driver may take until a machine's process runs."""
        by_driver = {DriverName.QEMU: self.vm_start_timeout_s}
        return by_driver.get(driver, self.container_start_timeout_s)

    def confirm_timeout_s(self, driver: DriverName) -> float:
        """How long the agent of a machine of this driver may take to confirm its identity."""
        by_driver = {DriverName.QEMU: self.vm_confirm_timeout_s}
        return by_driver.get(driver, self.container_confirm_timeout_s)
