from __future__ import annotations

from pathlib import Path

import pytest
from guest_container import NEEDED, running_guest


def test_without_its_programs_it_fails_and_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=", ".join(NEEDED)), running_guest(tmp_path):
        pass
