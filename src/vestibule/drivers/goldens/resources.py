"""Where the declarative inputs lie: beside the source in a checkout, inside the package in a wheel."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import vestibule
import vestibule_agent
from vestibule.core.errors import HostUnfit


@dataclasses.dataclass(frozen=True, kw_only=True)
class Resources:
    """The folders that a golden is made of."""

    images: Path
    """``base.toml``, ``tools/``, ``overlay/`` …"""
    agent: Path
    """The agent's companions: launcher, systemd units, demo tool, list of Debian packages."""
    agent_package: Path
    """The Python package ``vestibule_agent``."""


def find_resources() -> Resources:
    """The resources of this installation.  Raises HostUnfit when it is incomplete."""
    package = Path(vestibule.__file__).parent
    data = package / "data"
    root = data if (data / "images").is_dir() else package.parents[1]
    found = Resources(
        images=root / "images",
        agent=root / "agent",
        agent_package=Path(vestibule_agent.__file__).parent,
    )
    for folder in (found.images, found.agent):
        if not folder.is_dir():
            raise HostUnfit(
                f"this installation has no folder {folder.name}/ (looked in {root})",
                remedy="Install Vestibule again: pip install --force-reinstall vestibule.",
            )
    return found
