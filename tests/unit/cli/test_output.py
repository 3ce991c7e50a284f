from __future__ import annotations

import json

import pytest

from vestibule.cli.output import OutputFormat, print_one, print_rows

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
