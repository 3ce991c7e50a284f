"""Durations are remembered by step, and their loss is no trouble."""

from __future__ import annotations

from pathlib import Path

import pytest

from vestibule.core.renewal import Phase
from vestibule.drivers.goldens.cache import Cache
from vestibule.drivers.goldens.durations import Durations


def test_what_a_step_took_is_replaced_by_what_it_took_later(tmp_path: Path) -> None:
    durations = Durations(Cache(tmp_path))
    durations.remember({(Phase.BUILD, "agent"): 1.0, (Phase.CANARY, "qemu: sign-in"): 20.0})
    durations.remember({(Phase.BUILD, "agent"): 2.0})
    assert durations.read() == {(Phase.BUILD, "agent"): 2.0, (Phase.CANARY, "qemu: sign-in"): 20.0}


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"build: agent": []}', '{"nosuch: agent": 1}'])
def test_a_file_that_is_not_there_or_damaged_estimates_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "durations.json").write_text(content)
    assert Durations(Cache(tmp_path)).read() == {}
