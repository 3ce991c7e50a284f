"""Every failure code has a meaning and a next step, is really told by something, and is no other's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from failure_codes import Use, members, strings

from vestibule.api.errors import HTTP_CODES
from vestibule.cli.app import app
from vestibule.core.failures import FAULTS, MEANINGS, FailureCode, Fault, codes_of, is_retryable
from vestibule.core.failures.__main__ import reference_page
from vestibule.core.symptoms import CHECK_CODES
from vestibule.settings import Settings

SENTENCE = re.compile(r"^[A-Z].*[^.\s]\.$")
COMMAND = re.compile(r"\bvestibule ((?:[a-z]+(?:-[a-z]+)*\b ?){1,2})")
SETTING = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
NO_SETTINGS = frozenset({"max_net_namespaces"})


@pytest.mark.parametrize("code", FailureCode)
def test_every_code_has_a_meaning_and_a_remedy(code: FailureCode) -> None:
    known = MEANINGS[code]
    assert SENTENCE.match(known.meaning), known.meaning
    assert SENTENCE.match(known.remedy), known.remedy
    assert known.meaning != known.remedy
    assert "|" not in known.meaning + known.remedy  # would end a cell of the reference


def test_no_table_has_a_code_that_another_one_has() -> None:
    assert len(MEANINGS) == len(FailureCode)


def test_every_code_is_in_the_order_of_the_alphabet_of_its_kind() -> None:
    order = list(FailureCode)
    for fault in Fault:
        own = [code for code in order if code in codes_of(fault)]
        assert own == sorted(own), fault
        assert order.index(own[-1]) - order.index(own[0]) + 1 == len(own), fault


def test_every_code_in_the_source_is_in_the_catalogue() -> None:
    told = strings(Use.CODE)
    assert {code: told[code] for code in told.keys() - set(FailureCode)} == {}


@pytest.mark.parametrize("table", [CHECK_CODES, HTTP_CODES], ids=["checks", "http"])
def test_every_code_that_a_table_maps_to_is_in_the_catalogue(table: dict[object, str]) -> None:
    assert set(table.values()) <= set(FailureCode)


@pytest.mark.parametrize("code", FailureCode)
def test_every_code_is_told_by_something(code: FailureCode) -> None:
    assert code.value in strings(Use.TEXT) or code.name in members()


def test_every_kind_of_fault_is_explained_and_has_codes() -> None:
    assert list(FAULTS) == list(Fault)
    assert all(codes_of(fault) for fault in Fault)


def _commands(command: object, prefix: str = "") -> Iterator[str]:
    for name, child in getattr(command, "commands", {}).items():
        yield f"{prefix}{name}"
        yield from _commands(child, f"{prefix}{name} ")


def test_remedies_name_commands_that_are_there() -> None:
    known = set(_commands(typer.main.get_command(app)))
    named = [found.strip() for known_ in MEANINGS.values() for found in COMMAND.findall(known_.remedy)]
    assert named
    wrong = [words for words in named if words not in known and words.split()[0] not in _leaves(known)]
    assert wrong == []


def _leaves(known: set[str]) -> set[str]:
    """Commands that have none below them: what follows is a word of the sentence."""
    return {name for name in known if not any(other.startswith(f"{name} ") for other in known)}


def test_remedies_name_settings_that_are_there() -> None:
    named = {word for known in MEANINGS.values() for word in SETTING.findall(known.remedy)}
    assert named - NO_SETTINGS <= set(Settings.model_fields)


def test_the_reference_has_a_row_for_every_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", reference_page(), re.MULTILINE)
    assert sorted(rows) == sorted(FailureCode)


def test_whether_to_try_again_is_the_catalogue_s_word() -> None:
    assert is_retryable("machine_exited")
    assert not is_retryable("tool_missing")


def test_a_code_of_another_release_keeps_nobody_from_trying_again() -> None:
    assert is_retryable("a_code_that_was_renamed")
