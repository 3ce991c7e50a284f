from __future__ import annotations

from pathlib import Path

import vestibule_desktop
from vestibule_agent.shown_page import START_TITLE, ShownPage


def test_a_page_is_lost_when_the_start_page_comes_back() -> None:
    page = ShownPage()
    assert not page.is_lost(START_TITLE)
    page.asked("https://login.example/")
    assert not page.is_lost(START_TITLE), "the browser has not come to it yet"
    assert not page.is_lost("Sign in")
    assert page.is_lost(START_TITLE)
    assert not page.is_lost(START_TITLE), "told once"
    assert not page.is_lost("Sign in")
    assert page.is_lost(START_TITLE), "the next browser ended, too"


def test_the_start_page_has_the_title_that_is_looked_for() -> None:
    page = Path(vestibule_desktop.__path__[0]) / "config/start.html"
    assert f"<title>{START_TITLE}</title>" in page.read_text()
