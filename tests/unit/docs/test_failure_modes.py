"""The page of failure modes names all of them, tests that there are, and codes that there are."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from vestibule.core.failures import FailureCode

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/failure-modes.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
TESTS = sorted(set(re.findall(r"`((?:agent/)?tests/[\w/]+\.py::\w+)`", PAGE)))
KINDS = ("impossible by design: ", "detected as ", "out of scope because ")
MODES = 51


def test_every_failure_mode_has_a_row_in_order() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, MODES + 1))


@pytest.mark.parametrize(("number", "_what", "here", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_says_what_became_of_it_and_what_shows_it(
    number: str, _what: str, here: str, shown: str
) -> None:
    assert here.startswith(KINDS), number
    assert "::" in shown
    if here.startswith("detected as `"):
        assert here.split("`")[1] in set(FailureCode)


@functools.cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@pytest.mark.parametrize("node_id", TESTS)
def test_a_test_that_is_named_exists(node_id: str) -> None:
    path, _, name = node_id.partition("::")
    assert name in functions(path)


def test_every_code_that_is_named_is_in_the_catalogue() -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE))
    assert named
    assert named <= set(FailureCode)


def test_what_is_made_for_real_has_a_code_and_a_test() -> None:
    table = PAGE.partition("| trouble | code | shown by |")[2].strip().splitlines()[1:]
    assert len(table) >= 9
    assert all(re.match(r"^\| .+ \| `\w+` \| `tests/\S+::\w+` \|$", row) for row in table)
