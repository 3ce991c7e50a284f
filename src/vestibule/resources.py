"""Where the data lies that is no Python: beside the source in a checkout, inside the package in a wheel.

::

    checkout                       wheel
    images/  agent/                vestibule/data/images/  vestibule/data/agent/
    providers/                     vestibule/data/providers/
    web/dist/                      vestibule/data/web/
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import vestibule
import vestibule_agent
import vestibule_desktop
from vestibule.core.errors import HostUnfit


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resources:
    """The folders of this installation."""

    images: Path
    """Recipes of a golden: ``base.toml``, ``tools/``, ``overlay/`` …"""
    agent: Path
    """Companions of the guest's packages: systemd units, demo tool, list of Debian packages."""
    agent_package: Path
    """The Python package ``vestibule_agent``."""
    desktop_package: Path
    """The Python package ``vestibule_desktop``, in the same folder."""
    providers: Path
    """One TOML file per tool."""
    web: Path
    """The built web app; absent in a checkout where it was never built."""


def find_resources() -> Resources:
    """The resources of this installation.  Raises HostUnfit when it is incomplete."""
    package = Path(vestibule.__file__).parent
    data = package / "data"
    in_wheel = (data / "images").is_dir()
    root = data if in_wheel else package.parents[1]
    found = Resources(
        images=root / "images",
        agent=root / "agent",
        agent_package=Path(vestibule_agent.__file__).parent,
        desktop_package=Path(vestibule_desktop.__file__).parent,
        providers=root / "providers",
        web=data / "web" if in_wheel else root / "web/dist",
    )
    for folder in (found.images, found.agent, found.providers):
        if not folder.is_dir():
            raise HostUnfit(
                f"this installation has no folder {folder.name}/ (looked in {root})",
                remedy="Install Vestibule again: pip install --force-reinstall vestibule.",
            )
    return found
