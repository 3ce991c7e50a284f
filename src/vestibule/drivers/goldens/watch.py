"""Notices that a file which may be an input of the golden has changed on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from watchfiles import awatch

from vestibule.resources import Resources

_DEBOUNCE_MS = 400
"""An editor saves in several steps; a check-out changes many files."""


def input_folders(resources: Resources) -> tuple[Path, ...]:
    """Every folder that holds inputs: recipes, the agent, and the code that builds."""
    packages = (resources.agent_package, resources.desktop_package)
    return (resources.images, resources.agent, *packages, Path(__file__).parent)


async def input_changes(folders: Sequence[Path]) -> AsyncIterator[None]:
    """Yield after every burst of changes below the folders; compiled files and the like do not count."""
    async for _ in awatch(*folders, debounce=_DEBOUNCE_MS, ignore_permission_denied=True):
        yield
