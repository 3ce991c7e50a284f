"""The programs of the host that machines are run by."""

from __future__ import annotations

import shutil
from pathlib import Path

from vestibule.core.errors import HostUnfit

QEMU = "qemu-system-x86_64"


def find_qemu() -> Path:
    """QEMU's binary.  Raises HostUnfit ``no_qemu``."""
    found = shutil.which(QEMU)
    if found is None:
        raise HostUnfit(
            f"{QEMU} is not installed",
            remedy="Install it: apt install qemu-system-x86; or set isolation = container.",
            code="no_qemu",
        )
    return Path(found)


def find_bwrap() -> str:
    """Bubblewrap's path.  Raises HostUnfit ``no_bubblewrap``."""
    path = shutil.which("bwrap")
    if path is None:
        raise HostUnfit(
            "machines need bubblewrap, which is not installed",
            remedy="sudo apt-get install -y bubblewrap",
            code="no_bubblewrap",
        )
    return path
