"""wrk as load on a controller, as anyone has it from Debian."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from vestibule.core.errors import HostUnfit, Unavailable

SCRIPT = Path(__file__).with_name("load.lua")
START = "/api/vm/auth"
STARTED = json.dumps({"provider": "demo"})
_RESULT = "RESULT "


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """What came of one run."""

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float
    wrong: int
    """Without an answer, or with one that is an error."""


def find_wrk() -> str:
    """Raises HostUnfit."""
    found = shutil.which("wrk")
    if found is None:
        raise HostUnfit("The API is measured with wrk, which is not installed.", remedy="apt-get install wrk")
    return found


def load(url: str, path: str, tokens: Sequence[str], connections: int, seconds: float) -> Load:
    """Ask for ``path`` on so many connections for so long, each as soon as the one before was answered.

    ``tokens``: one for each connection where sign-ins are started, for each user may have one of a tool.
    Raises Unavailable when nothing came of it.
    """
    starts = path == START
    threads = connections if starts else 1
    argv = [
        find_wrk(),
        f"-t{threads}",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
    ]
    done = subprocess.run(
        [*argv, "-s", str(SCRIPT), url + path],
        env={**os.environ, "BENCH_TOKENS": ",".join(tokens), **({"BENCH_START": STARTED} if starts else {})},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    result = next((line for line in done.stdout.splitlines() if line.startswith(_RESULT)), None)
    if result is None:
        raise Unavailable(
            f"wrk ended without a result (exit code {done.returncode}): {done.stderr.strip()}",
            remedy=f"Try it by hand: wrk {url}/livez",
        )
    return Load(**json.loads(result.removeprefix(_RESULT)))
