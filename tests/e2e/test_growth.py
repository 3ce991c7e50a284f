"""The bench of growth as a user runs it, on few rows: two controllers of its own are compared."""

from __future__ import annotations

import json
import subprocess

import pytest
from controller import VESTIBULE

pytestmark = [pytest.mark.golden, pytest.mark.usefixtures("golden")]

ROWS = 2000


def test_an_old_controller_is_compared_with_a_young_one() -> None:
    done = subprocess.run(
        [VESTIBULE, "bench", "growth", "--rows", str(ROWS), "--rounds", "1", "-o", "json"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["rows"], found["rounds"]) == (ROWS, 1)
    assert found["up_s"].keys() == {"young", "old"}
    assert all(each["young"]["p50"] > 0 and each["old"]["p50"] > 0 for each in found["requests"])
    asked = {each["asked"]: each for each in found["queries"]}
    assert asked["sessions to reconcile"]["scans"] == []
    assert asked["the audit"]["old_instructions"] > asked["the audit"]["young_instructions"]
