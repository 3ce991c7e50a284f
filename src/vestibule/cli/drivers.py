"""The drivers that a command line may name: those that run real machines."""

from __future__ import annotations

import enum

from vestibule.core.machines import DriverName


class RealDriver(enum.StrEnum):
    """Every driver of ``DriverName`` but the tests' own."""

    CONTAINER = DriverName.CONTAINER.value
    QEMU = DriverName.QEMU.value

    @property
    def driver_name(self) -> DriverName:
        """The same driver, as everything else calls it."""
        return DriverName(self.value)
