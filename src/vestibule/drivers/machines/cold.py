"""Cold starts, for comparison: what a machine costs without a snapshot, or without the page cache."""

from __future__ import annotations

import os
from pathlib import Path

from vestibule.core.machines import DriverName, Isolation
from vestibule.drivers.machines.qemu.driver import QemuDriver
from vestibule.services.ports import Machine, MachineRequest


class ColdQemuDriver:
    """Boots the golden from its kernel instead of restoring its memory."""

    name = DriverName.QEMU
    isolation = Isolation.VM

    def __init__(self, driver: QemuDriver) -> None:
        self._driver = driver

    async def start(self, request: MachineRequest) -> Machine:
        """See services.ports.MachineDriver."""
        return await self._driver.cold_boot(request)

    async def adopt(self, request: MachineRequest) -> tuple[Machine, str]:
        """See services.ports.MachineDriver."""
        return await self._driver.adopt(request)


def evict(folder: Path) -> None:
    """Let the kernel forget a tree's cached file contents, as after a reboot of the host."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
