"""The browser is started as a person's would be: what gives it away, or weakens it, is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule_desktop import browser, services
from vestibule_desktop.paths import Paths

FORBIDDEN = (
    "--remote-debugging",
    "--remote-allow-origins",
    "--enable-automation",
    "--headless",
    "--no-sandbox",
    "--disable-setuid-sandbox",
    "--disable-namespace-sandbox",
    "--disable-seccomp-filter-sandbox",
    "--disable-web-security",
    "--ignore-certificate-errors",
    "--allow-running-insecure-content",
    "--single-process",
    "--no-zygote",
    "--disable-site-isolation-trials",
)


@pytest.fixture
def argv() -> list[str]:
    return list(services.web_browser(Paths()).argv)


@pytest.mark.parametrize("flag", FORBIDDEN)
def test_nothing_debugs_automates_or_weakens_it(argv: list[str], flag: str) -> None:
    assert [word for word in argv if word.startswith(flag)] == []


def test_its_features_give_nothing_away(argv: list[str]) -> None:
    features = [word for word in argv if word.startswith(("--enable-features", "--enable-blink-features"))]
    assert features == []
    assert all("AutomationControlled" not in word for word in argv)


def test_it_is_the_program_itself_behind_the_proxy_with_a_profile_of_its_own(argv: list[str]) -> None:
    assert argv[0] == browser.PROGRAM
    assert f"--proxy-server={services.PROXY_URL}" in argv
    profile = next(word for word in argv if word.startswith("--user-data-dir="))
    assert Path(profile.partition("=")[2]) == Paths().profile
