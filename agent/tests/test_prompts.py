"""Questions before a sign-in: what is pressed, and when nothing is."""

from __future__ import annotations

import re

import pytest

from vestibule_agent.prompts import MOST_STEPS, Answer, Dialogue, next_move
from vestibule_agent.protocol import Prompt
from vestibule_agent.reading import ErrorReader, asks

MENU = Prompt(when="Pick one", choose="Sign in with")


def menu(at: int, *, options: tuple[str, ...] = ("Dark", "Light", "Sign in with X", "Quit")) -> str:
    return "\n".join(
        ["Pick one", *(f"{'❯' if n == at else ' '} {n}. {text}" for n, text in enumerate(options))]
    )


def test_a_menu_is_walked_one_key_at_a_time() -> None:
    dialogue = Dialogue([MENU])
    keys: list[str] = []
    for at in (0, 1, 2):
        answer = dialogue.answer(menu(at))
        assert answer is not None
        keys += answer.keys
    assert keys == ["Down", "Down", "Enter"]
    assert dialogue.answer(menu(2)) is None, "an answered question is not answered again"


def test_a_pointer_beyond_the_line_goes_back() -> None:
    assert Dialogue([MENU]).answer(menu(3)) == Answer(when="Pick one", keys=("Up",), done=False)


def test_no_second_key_is_sent_until_the_first_has_taken_effect() -> None:
    dialogue = Dialogue([MENU])
    assert dialogue.answer(menu(0)) is not None
    assert dialogue.answer(menu(0) + "\n⠋ loading") is None


def test_a_key_that_was_lost_is_sent_again_after_a_nudge() -> None:
    dialogue = Dialogue([MENU])
    dialogue.answer(menu(0))
    dialogue.nudge()
    assert dialogue.answer(menu(0)) == Answer(when="Pick one", keys=("Down",), done=False)


def test_a_menu_without_end_is_left_to_the_person() -> None:
    dialogue = Dialogue([MENU])
    answers = [dialogue.answer(menu(n % 2, options=("a", "b", "Sign in with X"))) for n in range(99)]
    assert sum(answer is not None for answer in answers) == MOST_STEPS


@pytest.mark.parametrize("pointer", ["❯", "›", ">", "●", "│ ●", "→", "(*)", "[x]", "│ > "])
def test_pointers_of_every_kind_are_known(pointer: str) -> None:
    move = next_move("wanted", f"  other\n{pointer} wanted")
    assert move is not None
    assert move.key == "Enter"


@pytest.mark.parametrize("screen", ["", "wanted", "❯ other", ">>> other\nwanted"])
def test_what_is_no_menu_is_not_walked(screen: str) -> None:
    assert next_move("wanted", screen) is None


def test_questions_are_answered_in_whatever_order_they_come() -> None:
    dialogue = Dialogue([Prompt(when="first", text="1"), Prompt(when="second", press=["y", "Enter"])])
    assert dialogue.answer("second?") == Answer(when="second", keys=("y", "Enter"))
    assert dialogue.answer("nothing is asked") is None
    assert dialogue.answer("first?") == Answer(when="first", text="1")


@pytest.mark.parametrize(
    "wrong",
    [
        Prompt(when="x"),
        Prompt(when="x", text="y", choose="z"),
        Prompt(when="("),
        Prompt(when="x", choose="("),
    ],
)
def test_a_question_without_exactly_one_answer_is_refused(wrong: Prompt) -> None:
    with pytest.raises((ValueError, re.error)):
        Dialogue([wrong])


def test_a_refusal_is_told_each_time_that_it_appears() -> None:
    reader = ErrorReader([r"error: (.+)", "Denied"])
    assert reader.read("error: wrong  code ") == ["wrong code"]
    assert reader.read("error: wrong  code \nagain") == []
    assert reader.read("error: wrong code\nerror: wrong code\nDenied") == ["wrong code", "Denied"]
    assert reader.read("") == []
    assert reader.read("Denied") == ["Denied"]


def test_a_question_for_a_code_is_known_by_its_pattern() -> None:
    assert asks("Paste code here", "…\nPaste code here if prompted >")
    assert not asks("Paste code here", "…")
    assert not asks(None, "Paste code here")
