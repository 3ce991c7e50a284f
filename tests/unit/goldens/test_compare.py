from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vestibule.core.goldens import Change, compare

INPUTS: dict[str, Any] = {
    "base": {"spec": {"suite": "trixie", "packages": ["less", "tmux"]}},
    "tools": {"spec": {"versions": {"@openai/codex": "0.1.0"}, "install": [["claude", "install.cjs"]]}},
    "agent": {"package": {"login.py": "aa", "urls.py": "bb"}},
}


def test_a_new_version_is_named_with_the_old_one() -> None:
    after = copy.deepcopy(INPUTS)
    after["tools"]["spec"]["versions"]["@openai/codex"] = "0.2.0"
    assert compare(INPUTS, after) == (
        Change(layer="tools", input="spec.versions.@openai/codex", before="0.1.0", after="0.2.0"),
    )


def test_one_more_package_is_one_change() -> None:
    after = copy.deepcopy(INPUTS)
    after["base"]["spec"]["packages"] = ["jq", "less", "tmux"]
    assert compare(INPUTS, after) == (Change(layer="base", input="spec.packages", before=None, after="jq"),)


def test_a_file_that_came_and_one_that_went_are_named() -> None:
    after = copy.deepcopy(INPUTS)
    after["agent"]["package"] = {"login.py": "aa", "flows.py": "cc"}
    assert compare(INPUTS, after) == (
        Change(layer="agent", input="package.flows.py", before=None, after="cc"),
        Change(layer="agent", input="package.urls.py", before="bb", after=None),
    )


def test_a_list_of_lists_is_compared_member_by_member() -> None:
    after = copy.deepcopy(INPUTS)
    after["tools"]["spec"]["install"].append(["codex", "post.js"])
    (change,) = compare(INPUTS, after)
    assert (change.input, change.after) == ("spec.install", '["codex","post.js"]')


JSON = st.recursive(
    st.text(max_size=3) | st.integers() | st.booleans(),
    lambda inner: st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
)
LAYERS = st.dictionaries(st.sampled_from(["base", "tools"]), st.dictionaries(st.text("xy", min_size=1), JSON))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # of a busy host
@given(LAYERS)
def test_nothing_differs_from_itself(inputs: dict[str, Any]) -> None:
    assert compare(inputs, copy.deepcopy(inputs)) == ()


@given(LAYERS, LAYERS)
def test_the_way_back_has_the_same_changes_turned_round(one: dict[str, Any], other: dict[str, Any]) -> None:
    there = {(change.layer, change.input, change.before, change.after) for change in compare(one, other)}
    back = {(change.layer, change.input, change.after, change.before) for change in compare(other, one)}
    assert there == back
