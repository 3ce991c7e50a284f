from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
from tiny_golden import signer_in

from vestibule.drivers.goldens.signing import KeyFileSigner
from vestibule.resources import Resources, find_resources


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    """A copy of the real inputs that a test may change."""
    real = find_resources()
    shutil.copytree(real.images, tmp_path / "images")
    shutil.copytree(real.agent, tmp_path / "agent")
    return dataclasses.replace(
        real,
        images=tmp_path / "images",
        agent=tmp_path / "agent",
        agent_package=tmp_path / "agent" / "vestibule_agent",
        desktop_package=tmp_path / "agent" / "vestibule_desktop",
    )


@pytest.fixture
def signer(tmp_path: Path) -> KeyFileSigner:
    """This host's."""
    return signer_in(tmp_path / "state")
