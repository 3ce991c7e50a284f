"""How a program of a build is tied to the builder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vestibule.drivers.goldens.tether import Users, run_tethered


def test_nothing_is_killed_while_ids_are_being_mapped() -> None:
    """unshare's child, which maps them, waits for unshare and would not notice that it is gone."""
    words = Users.ALL.value
    assert words.index("--map-auto") < words.index("--pdeathsig")


@pytest.mark.parametrize(("users", "uid"), [(Users.OWN, os.geteuid()), (Users.ROOT, 0)])
def test_the_exit_code_is_the_programs(users: Users, uid: int, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        argv = ["sh", "-c", "id -u; exit 3"]
        assert run_tethered(argv, users=users, stdin=Path(os.devnull), stdout=out, stderr=out) == 3
    assert (tmp_path / "out").read_text() == f"{uid}\n"
