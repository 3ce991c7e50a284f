"""What a person's test needs: a golden, a controller, a browser on the host."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from controller import VESTIBULE, Controller, running
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# Root has no sandbox in a browser; without internet its own errands would only be refused, many at a time.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


MEASUREMENTS = "measured"
"""Name of the property that a test gives what it measured, for the report and the summary."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests measured, though they passed."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == MEASUREMENTS:
                terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {value}")


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes a measurement."""
    return lambda text: record_property(MEASUREMENTS, text)


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path:
    """Where pictures of pages go."""
    folder = Path(request.config.getoption("--screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def golden() -> None:
    """The golden that today's inputs make, built once and kept in the user's cache."""
    subprocess.run([VESTIBULE, "golden", "build"], check=True, stderr=sys.stderr)


@pytest.fixture(scope="session")
def snapshot() -> None:
    """The golden and its memory snapshot, which emulated machines start from."""
    subprocess.run([VESTIBULE, "golden", "build", "--snapshot"], check=True, stderr=sys.stderr)


@pytest.fixture(scope="module")
def controller(request: pytest.FixtureRequest) -> Iterator[Controller]:
    """A controller that runs containers, for all tests that leave nothing behind in it."""
    request.getfixturevalue("golden")
    with running(VESTIBULE_ISOLATION="container") as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The person's browser.  While it lives, its driver's event loop is in the way of async tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A fresh profile's page."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()
