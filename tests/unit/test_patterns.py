from __future__ import annotations

import pytest

from vestibule.core import patterns


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "tok=((?:a+)+|ok)$",
        "(a*)*",
        "((a+)b?)+",
        r"(\w+\s?)+",
        "([a-z]+)*",
        "(x+x+)+y",
        "(?P<n>a+){2,}",
        "((a+))+",
        "(.+ )+",
    ],
)
def test_a_repeat_of_a_repeat_is_refused(text: str) -> None:
    assert "for ever" in (patterns.problem(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        r"^https://([a-z0-9-]+\.)*(workos\.com|cline\.bot)/",
        r"\b([A-Z0-9]{4}-[A-Z0-9]{5})\b",
        r"(?m)^vestibule-demo: (.+)$",
        r"(one|two)+",
        r"(?:a+)?b",
        r"\(a+\)+",
        r"[(a+)]+",
        "",
    ],
)
def test_patterns_of_one_repeat_are_taken(text: str) -> None:
    assert patterns.problem(text) is None


@pytest.mark.parametrize("text", ["(", "a{99999999999999999999}", "[[a]", "(" * 990 + ")" * 990, "(?i"])
def test_what_is_no_pattern_is_named_whatever_python_says(text: str) -> None:
    assert "is not a regular expression" in (patterns.problem(text) or "")
