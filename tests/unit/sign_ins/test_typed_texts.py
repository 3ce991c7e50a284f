"""What a person pasted is on no screen that is kept."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import Lab

from vestibule.core.sessions import SessionStatus
from vestibule.core.typed_texts import LONGEST, MOST_TEXTS, SHOWN_INSTEAD, TypedTexts
from vestibule.services.adoption import NOTE_ROOM_BYTES, _newest

CODE = "4/0AbCdEf-visibly.fake+code"


def _typed(*texts: str) -> TypedTexts:
    typed = TypedTexts()
    for text in texts:
        typed.add(text)
    return typed


@given(code=st.text("abcXYZ0123456789-_.+/=#", min_size=12, max_size=90), width=st.integers(5, 120))
def test_it_is_hidden_however_the_terminal_wraps_it(code: str, width: int) -> None:
    screen = f"$ login\n{textwrap.fill('> ' + code, width)}\nInvalid code.\n"
    hidden = _typed(code).hide(screen)
    assert code not in "".join(hidden.split())
    assert hidden.endswith("\nInvalid code.\n")


def test_blanks_around_it_and_in_it_do_not_matter() -> None:
    assert _typed(f"  {CODE}\n").hide(f"> {CODE}") == f"> {SHOWN_INSTEAD}"


@pytest.mark.parametrize("frame", "│┃|║▏▕")
def test_it_is_hidden_inside_of_a_frame(frame: str) -> None:
    lines = [f"{frame} {part:<12} {frame}" for part in textwrap.wrap(CODE, 12, break_on_hyphens=False)]
    screen = "\n".join([*lines, "Invalid code."])
    assert len(lines) > 2
    assert _typed(CODE).hide(screen) == f"{frame} {SHOWN_INSTEAD}{' ' * 10}{frame}\nInvalid code."


def test_a_code_with_a_frame_s_character_in_it_is_hidden() -> None:
    assert _typed("fake|code").hide("> fake|code <") == f"> {SHOWN_INSTEAD} <"


def test_what_is_nothing_but_a_frame_hides_nothing() -> None:
    assert _typed("||||||").hide("| a |") == "| a |"


def test_two_that_overlap_are_hidden_whole() -> None:
    assert _typed("fake-one", "one-more").hide("> fake-one-more.") == f"> {SHOWN_INSTEAD}."


def test_one_that_stands_there_twice_is_hidden_twice() -> None:
    assert _typed(CODE, CODE).hide(f"{CODE} {CODE}") == f"{SHOWN_INSTEAD} {SHOWN_INSTEAD}"


def test_the_last_ones_are_remembered() -> None:
    typed = _typed("first-fake", *(f"fake-code-{n:02}" for n in range(MOST_TEXTS)))
    assert typed.hide("first-fake fake-code-00 fake-code-19") == f"first-fake {SHOWN_INSTEAD} {SHOWN_INSTEAD}"


def test_one_that_nearly_stands_everywhere_is_looked_for_in_no_time() -> None:
    # As long as the machine lets one say: a search that begins again at each place would take hours.
    screen = "a" * 2**20
    assert _typed(*("a" * 5_000 + f"b{n}" for n in range(MOST_TEXTS))).hide(screen) == screen


def test_a_short_answer_is_not_hidden_everywhere() -> None:
    assert _typed("y", "2", " \n ").hide("try 2 ways") == "try 2 ways"


def test_a_pin_that_was_pasted_is_hidden() -> None:
    assert _typed("4829").hide("> 4829 <") == f"> {SHOWN_INSTEAD} <"


def test_what_an_event_says_is_hidden_and_addresses_stay() -> None:
    data = {"screen": f"> {CODE}", "title": CODE, "cause": CODE, "url": f"https://x.test/{CODE}", "code": 1}
    hidden = {"screen": f"> {SHOWN_INSTEAD}", "title": SHOWN_INSTEAD, "cause": SHOWN_INSTEAD}
    assert _typed(CODE).hidden(data) == {**data, **hidden}


@pytest.mark.parametrize("data", [None, [], "x", {"screen": 7}])
def test_what_is_not_of_the_contract_is_left_to_who_checks_it(data: object) -> None:
    assert _typed(CODE).hidden(data) == data


@pytest.mark.anyio
async def test_a_refused_code_is_not_in_the_session_s_evidence(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    agent._credential = agent._credential or _SOMETHING  # type: ignore[assignment]  # Enter brings none
    await lab.sign_ins.paste(lab.ann, record.session_id, CODE)
    await agent.tell("tool_exited", exit_code=1, screen=f"> {CODE}\nInvalid code.\n")
    ended = await lab.ended(record.session_id)
    assert ended.error_evidence["screen"] == f"> {SHOWN_INSTEAD}\nInvalid code.\n"


@pytest.mark.anyio
async def test_a_refused_code_is_in_no_notice(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    agent._credential = agent._credential or _SOMETHING  # type: ignore[assignment]  # Enter brings none
    await lab.sign_ins.paste(lab.ann, record.session_id, CODE)
    await agent.tell("tool_waits", screen=f"> {CODE}\nAnother one?\n")
    await agent.tell("tool_exited", exit_code=1, screen="")
    await lab.ended(record.session_id)
    _stages, (notice,) = await lab.sign_ins.history(record.session_id)
    assert "Another one?" in notice.text
    assert CODE not in notice.text


_SOMETHING = object()


def test_each_line_of_a_text_of_several_is_hidden_by_itself() -> None:
    typed = _typed("first-line of it\nshort\nthird-line of it\n")
    assert typed.hide("> third-line of it <") == f"> {SHOWN_INSTEAD} <"
    assert typed.hide("> short <") == "> short <"
    assert typed.hide("> first-line of it\n short third-line of it <") == f"> {SHOWN_INSTEAD} <"


def test_a_text_of_any_length_is_looked_for_in_little_time() -> None:
    typed = _typed("\n".join(f"a line of its own {number}" for number in range(50_000)))
    assert len(typed.texts) <= MOST_TEXTS
    assert sum(map(len, typed.texts)) <= MOST_TEXTS * LONGEST


def test_one_long_text_does_not_take_the_place_of_those_before() -> None:
    typed = _typed("pasted-before-it", "\n".join(f"a line of its own {number}" for number in range(60)))
    assert typed.hide("> pasted-before-it <") == f"> {SHOWN_INSTEAD} <"


def test_a_code_is_not_forgotten_for_other_texts() -> None:
    typed = TypedTexts()
    typed.add_code(CODE)
    for number in range(2 * MOST_TEXTS):
        typed.add(f"copied by a program {number}")
    typed.add(CODE)
    assert typed.hide(f"> {CODE} <") == f"> {SHOWN_INSTEAD} <"
    assert len(typed.texts) == MOST_TEXTS + 1


def test_a_text_that_is_given_as_a_code_is_kept_as_one() -> None:
    typed = _typed(CODE)
    typed.add_code(CODE)
    assert typed.texts == (CODE,)
    for number in range(MOST_TEXTS):
        typed.add(f"copied by a program {number}")
    assert CODE in typed.texts


def test_what_another_knew_is_not_forgotten_for_other_texts_either() -> None:
    typed = TypedTexts((CODE, ""))
    for number in range(MOST_TEXTS):
        typed.add(f"copied by a program {number}")
    assert typed.texts[-1] == CODE


@pytest.mark.anyio
async def test_the_code_box_s_code_outlasts_what_is_copied(lab: Lab) -> None:
    record = await lab.connect()
    await lab.reach(record.session_id, SessionStatus.AWAITING_USER_AUTH)
    agent = lab.machine().agent
    agent._credential = agent._credential or _SOMETHING  # type: ignore[assignment]  # Enter brings none
    await lab.sign_ins.paste(lab.ann, record.session_id, CODE)
    assert record.session_id in lab.sign_ins.carried
    (live,) = lab.machines.running
    for number in range(MOST_TEXTS):
        await lab.sign_ins.viewer_typed(live.record.vm_id, f"copied by a program {number}")
    await agent.tell("tool_exited", exit_code=1, screen=f"> {CODE}\nInvalid code.\n")
    ended = await lab.ended(record.session_id)
    assert ended.error_evidence["screen"] == f"> {SHOWN_INSTEAD}\nInvalid code.\n"


def test_a_note_has_every_text_that_fits_whatever_came_after() -> None:
    typed = (CODE, "x" * NOTE_ROOM_BYTES, "copied-after-it")
    assert _newest(typed) == (CODE, "copied-after-it")
