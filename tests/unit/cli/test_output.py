from __future__ import annotations

import json

import pytest

from vestibule.cli.output import OutputFormat, print_done, print_error, print_one, print_rows
from vestibule.core.errors import MachineFailed

ROW = {"golden_id": "g-1", "inputs": {"agent": {"a.py": "12"}}, "layers": ["l-1", "l-2"], "seen": None}


def test_one_object_has_a_line_for_every_leaf(capsys: pytest.CaptureFixture[str]) -> None:
    print_one(ROW, OutputFormat.TABLE)
    lines = [line.split("  ", 1) for line in capsys.readouterr().out.splitlines()]
    assert [(name, value.strip()) for name, value in lines] == [
        ("golden id", "g-1"),
        ("inputs.agent.a.py", "12"),
        ("layers", "l-1, l-2"),
        ("seen", "-"),
    ]


def test_json_is_the_whole_object(capsys: pytest.CaptureFixture[str]) -> None:
    print_one(ROW, OutputFormat.JSON, ["golden_id"])
    assert json.loads(capsys.readouterr().out) == ROW


def test_a_table_ends_no_line_with_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([ROW, {"golden_id": "a longer one"}], ["golden_id", "seen"], OutputFormat.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert lines[0].split() == ["golden", "id", "seen"]


HOSTILE = "a\x1b[2Jb\x9b1mc\x07d\re\x7ff\u202eg\x00h\u2028i"
ESCAPED = "a\\x1b[2Jb\\x9b1mc\\x07d\\re\\x7ff\\u202eg\\x00h\\u2028i".replace("\\r", "\\x0d")
HARMLESS = "Łódź 東京 🦀 [bold] é\u00a0~"


def test_nothing_that_a_terminal_obeys_is_printed_raw(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"account": HOSTILE, HOSTILE: "x", "titles": [HOSTILE], "nested": {"a": {HOSTILE: HOSTILE}}}
    print_one(row, OutputFormat.TABLE)
    print_rows([row], ["account", "titles", "nested"], OutputFormat.TABLE)
    print_done(row, HOSTILE, OutputFormat.TABLE)
    error = MachineFailed(HOSTILE, remedy=HOSTILE, code="failed")
    print_error(error, OutputFormat.TABLE)
    said = capsys.readouterr()
    assert set("".join(c for c in said.out + said.err if not c.isprintable())) == {"\n"}
    assert said.out.count(ESCAPED) >= 6
    assert said.err == f"error failed: {ESCAPED}\nFIX: {ESCAPED}\n"


def test_json_says_the_same_and_escapes_what_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    print_one({"account": HOSTILE}, OutputFormat.JSON)
    print_error(MachineFailed(HOSTILE, remedy=HOSTILE, code="failed"), OutputFormat.JSON)
    said = capsys.readouterr()
    assert json.loads(said.out) == {"account": HOSTILE}
    assert json.loads(said.err)["cause"] == HOSTILE
    assert set("".join(c for c in said.out + said.err if not c.isprintable())) == {"\n"}


def test_other_letters_and_lines_stay(capsys: pytest.CaptureFixture[str]) -> None:
    print_one({"account": HARMLESS, "screen": "one\ntwo"}, OutputFormat.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert HARMLESS in lines[0]
    assert [line.split()[-1] for line in lines[1:]] == ["one", "two"]
