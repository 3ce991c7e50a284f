"""Options of the whole suite, and what of it may run side by side: pytest takes both from here only."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MACHINES = "machines"
"""Tests with real machines, sockets of the host or a browser run one after the other: beside each other they
would take one another's processor and find one another's processes.  All else runs beside them."""
BUILDS = "builds"
"""Tests that build goldens into caches of their own: one after the other, for the disk's sake."""

_MARKS = ("golden", "vm", "browser")
_FOLDERS = ("e2e", "vm", "integration/container", "integration/net", "integration/trouble")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        type=Path,
        default=Path("build/screenshots"),
        help="Folder for pictures of the dashboard's pages.",
    )


@pytest.hookimpl(tryfirst=True)  # before they are named after their groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its group: one worker runs all of a group, in order."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item: pytest.Item) -> str:
    if item.path.is_relative_to(TESTS / "golden"):
        return BUILDS
    real = any(item.get_closest_marker(mark) for mark in _MARKS)
    if real or any(item.path.is_relative_to(TESTS / folder) for folder in _FOLDERS):
        return MACHINES
    return item.path.stem
