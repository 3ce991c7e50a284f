from __future__ import annotations

import pytest

from vestibule.core import versions


@pytest.mark.parametrize(
    "told", ["1.2.3", "tool 1.2.3\n", "v1.2.3", "Tool CLI 1.2.3.\nRun 'tool update'", "2.0 (1.2.3)"]
)
def test_a_version_is_found_whatever_is_around_it(told: str) -> None:
    assert versions.names(told, "1.2.3")


@pytest.mark.parametrize("told", ["", "11.2.3", "1.2.30", "1.2.3-beta", "1.2.3/x"])
def test_another_version_is_none(told: str) -> None:
    assert not versions.names(told, "1.2.3")
