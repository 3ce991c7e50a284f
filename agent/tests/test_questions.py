"""Still screens: which of them may be a question that nobody foresees."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from vestibule_agent import login
from vestibule_agent.events import EventLog
from vestibule_agent.login import Login
from vestibule_agent.protocol import CredentialFileSpec, CredentialSpec, LoginSpec
from vestibule_agent.reading import QuestionReader
from vestibule_agent.terminal import Terminal
from vestibule_desktop.paths import Paths
from vestibule_desktop.person import Person

URL = "https://login.example/authorize"
WAITING = f"Go to {URL}\nWaiting for the sign-in…"
QUESTION = "Which organization?\n> ann's\n  example"


class FakeTerminal:
    """A screen that a test sets."""

    text = ""

    async def screen(self, history: int = 0) -> str:
        del history
        return self.text

    async def columns(self) -> int:
        return 200

    async def fit(self) -> None:
        """It always fits."""


async def _nothing(*_: Any) -> None:  # noqa: ANN401 - neither opened nor asked here
    """No browser, no verification."""


async def _told(home: Path, *screens: str) -> list[str]:
    """What a login tells of a tool that shows these screens, still at each of them."""
    terminal, log = FakeTerminal(), EventLog()
    file = CredentialFileSpec(path="~/c.json", required=["token"])
    spec = LoginSpec(
        provider="fake",
        command=["tool"],
        url_pattern="^https://login",
        credential=CredentialSpec(files=[file]),
        open_browser=False,
    )
    running = Login(
        spec, Paths(home=home), Person.current(), cast("Terminal", terminal), log, _nothing, _nothing
    )
    for screen in screens:
        terminal.text = screen
        running._on_output(b".")
        async with asyncio.timeout(10):
            while running._still is not None or running._tasks:
                await asyncio.gather(*running._tasks, asyncio.sleep(0))
    running._ended = True
    running.credential._inotify.close()
    return [event.data["screen"] for event in log._events if event.type == "tool_waits"]


def test_a_question_after_the_address_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "LOOK_S", 0.0)
    monkeypatch.setattr(login, "STILL_S", 0.01)
    assert asyncio.run(_told(tmp_path, WAITING, WAITING, QUESTION, QUESTION, WAITING)) == [QUESTION]


def _questions(*screens: str, code_prompt: str | None = None) -> list[str]:
    reader = QuestionReader(code_prompt)
    return [screen for screen in screens if reader.read(screen, address_known=True)]


def test_how_a_tool_waits_is_no_question() -> None:
    assert _questions(WAITING, WAITING) == []


def test_another_width_makes_no_question() -> None:
    assert (
        _questions(WAITING, WAITING.replace("for the", "for\n  the").replace("authorize", "auth\norize"))
        == []
    )


def test_a_countdown_makes_no_question() -> None:
    assert _questions("Expires in 15 minutes", "Expires in 9 minutes") == []


def test_a_blank_screen_is_not_how_a_tool_waits() -> None:
    assert _questions("", " \n", WAITING, QUESTION) == [QUESTION]


def test_the_question_for_the_code_is_told_by_itself() -> None:
    screens = (WAITING, f"{WAITING}\nCode:", QUESTION)
    assert _questions(*screens, code_prompt="(?m)^Code:") == [QUESTION]


def test_each_of_several_questions_is_told() -> None:
    assert _questions(WAITING, QUESTION, "Sell your soul? [y/N]", QUESTION) == [
        QUESTION,
        "Sell your soul? [y/N]",
    ]


def test_before_the_address_the_first_still_screen_may_be_one() -> None:
    reader = QuestionReader(None)
    assert reader.read(QUESTION, address_known=False)
    assert not reader.read(QUESTION, address_known=False)
    assert not reader.read(WAITING, address_known=True)
    assert reader.read("Sell your soul? [y/N]", address_known=True)
