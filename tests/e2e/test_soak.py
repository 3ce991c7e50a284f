"""A soak, shorter than the real one: what it prints, and that nothing is left behind."""

from __future__ import annotations

import json
import subprocess

import pytest
from controller import VESTIBULE

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

SIGN_INS = 6


def test_sign_ins_leave_nothing_behind() -> None:
    done = subprocess.run(
        [VESTIBULE, "soak", "-n", str(SIGN_INS), "--driver", "container", "-o", "json"],
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["sessions"], found["completed"], found["failed"]) == (SIGN_INS, SIGN_INS, 0)
    assert found["leaked"] == {"processes": 0, "namespaces": 0, "files": 0, "fds": 0}
    assert found["left_behind"] == []
    assert found["before"]["fds"] > 0
    assert found["completed_s"]["p50"] > found["ready_s"]["p50"] > 0
