"""The demo tool on a real terminal, with a code that a person carries there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo_desk import Desk, Person, Terminal, desk

from vestibule.laboratory.scenario import Broken, Lives, Scenario

PERSON = Person()


@contextmanager
def _pasting(home: Path, scenario: Scenario | None = None) -> Iterator[tuple[Desk, Terminal, str]]:
    """The tool at its prompt, and the address that it printed."""
    with desk(home, scenario) as made:
        terminal = Terminal(made, "login", "--paste")
        try:
            address = terminal.until(r"^(http://\S+/authorize\?\S+)$")[1]
            terminal.until(r"Paste the code here: \Z")
            yield made, terminal, address
        finally:
            terminal.close()


def _refused(terminal: Terminal, code: str) -> str:
    """Paste something wrong; what the tool says before it asks again."""
    terminal.type(code)
    said = terminal.until(r"^vestibule-demo: (.*)\n")[1]
    terminal.until(r"Paste the code here: \Z")
    return said


def test_a_pasted_code_signs_in(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (made, terminal, address):
        terminal.type(PERSON.code(address))
        assert terminal.ended() == 0
    assert terminal.screen.endswith("Signed in as ann.\n")
    assert json.loads(made.credentials.read_text())["account"] == "ann"


def test_the_code_may_come_without_its_state_and_with_blanks(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (_, terminal, address):
        terminal.type(f"  {PERSON.code(address).partition('#')[0]} ")
        assert terminal.ended() == 0


def test_after_a_wrong_code_the_right_one_still_signs_in(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (made, terminal, address):
        said = _refused(terminal, "fake-wrong-code")
        assert said == f"{made.issuer}/token: invalid_grant: the code is unknown"
        terminal.type(PERSON.code(address))
        assert terminal.ended() == 0


def test_the_third_wrong_code_ends_the_tool(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (made, terminal, _):
        _refused(terminal, "fake-wrong-code")
        _refused(terminal, "")
        terminal.type("fake-wrong-code")
        assert terminal.ended() == 1
    assert terminal.screen.endswith("invalid_grant: the code is unknown\n")
    assert not made.credentials.exists()


def test_a_blank_line_is_told_as_the_provider_tells_it(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (_, terminal, _):
        assert _refused(terminal, "").endswith("invalid_request: code is missing")


def test_the_code_of_another_sign_in_is_refused(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (_, terminal, _):
        said = _refused(terminal, "fake-code#of-another-sign-in")
    assert said == "the answer does not belong to this sign-in (state differs)"


def test_a_provider_that_returns_a_wrong_state_is_not_believed(tmp_path: Path) -> None:
    with _pasting(tmp_path, Scenario(wrong_state=True)) as (_, terminal, address):
        assert "state differs" in _refused(terminal, PERSON.code(address))


def test_a_code_that_has_expired_is_told(tmp_path: Path) -> None:
    with _pasting(tmp_path, Scenario(lives=Lives(pasted_code_s=0))) as (_, terminal, address):
        assert _refused(terminal, PERSON.code(address)).endswith("invalid_grant: the code has expired")


def test_a_person_who_denies_reads_it_on_the_page(tmp_path: Path) -> None:
    with _pasting(tmp_path) as (_, _, address):
        landed = PERSON.decide(address, "deny")
    assert "access_denied" in landed.text


def test_an_answer_that_is_no_providers_ends_the_tool_at_once(tmp_path: Path) -> None:
    with _pasting(tmp_path, Scenario(broken={"/token": Broken.HTML_502})) as (_, terminal, address):
        terminal.type(PERSON.code(address))
        assert terminal.ended() == 3
    assert terminal.screen.endswith("/token: HTTP 502\n")


def test_nobody_to_paste_ends_the_tool(tmp_path: Path) -> None:
    with desk(tmp_path) as made:
        ended = made.run("login", "--paste")
    assert ended.returncode == 2
    assert ended.stderr == "vestibule-demo: there is nobody to paste a code\n"
