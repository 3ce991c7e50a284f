"""Options of the whole suite: pytest takes them from the topmost conftest only."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots",
        type=Path,
        default=Path("build/screenshots"),
        help="Folder for pictures of the dashboard's pages.",
    )
