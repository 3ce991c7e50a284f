"""Why the broker cannot work on this host, in words, with the exact remedy."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from vestibule.core.errors import HostUnfit

_SWITCHES = (
    ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
    ("user/max_net_namespaces", "0", "user.max_net_namespaces=15000"),
)
"""Below /proc/sys: file, the value that forbids, the setting that allows."""
_FALLBACK = (
    "Run Vestibule on a kernel with CONFIG_USER_NS and CONFIG_NET_NS; inside another container, start "
    "that one with user namespaces allowed (for Docker: --security-opt seccomp=unconfined)."
)


def explain(stage: str, number: int, *, sysctls: Path = Path("/proc/sys")) -> HostUnfit:
    """The failure of a confinement's ``stage`` with an errno, as HostUnfit ``no_user_namespaces``."""
    what = stage.replace("_", " ")
    return HostUnfit(
        f"the network broker could not set up its {what}: {os.strerror(number)}",
        remedy=_remedy(number, sysctls),
        code="no_user_namespaces",
        stage=stage,
        errno=errno.errorcode.get(number, str(number)),
    )


def _remedy(number: int, sysctls: Path) -> str:
    forbidding = [setting for file, value, setting in _SWITCHES if _read(sysctls / file) == value]
    if not forbidding and number == errno.ENOSPC:
        forbidding = ["user.max_user_namespaces=15000", "user.max_net_namespaces=15000"]
    if not forbidding:
        return _FALLBACK
    return "sudo sysctl -w " + " ".join(forbidding)


def _read(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None
